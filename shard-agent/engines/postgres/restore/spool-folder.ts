/**
 * Folders in which archives wait for pg_restore, which seeks in them. An archive may hold passwords of foreign servers and
 * subscriptions.
 */
import { ProcessFolders } from '../../../process-folders.ts';

export const spoolFolders = new ProcessFolders('schema');
