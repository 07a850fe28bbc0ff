/** Which Tidemark this is. */
import project from '../package.json' with { type: 'json' };

export const tidemarkVersion: string = project.version;
