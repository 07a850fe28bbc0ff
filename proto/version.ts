/** Which Tidemark this is, for records and for `--version`. */
import project from '../package.json' with { type: 'json' };

export const tidemarkVersion: string = project.version;
