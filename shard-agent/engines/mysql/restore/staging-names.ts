/** Names that a restore gives to what it makes before it is opened. */

/** Of the restore's hidden table of this number, over all its databases. Keys and checks that the server names after it fit too. */
export function hiddenNameOf(restore: string, number: number): string {
  return `tidemark_${restore}_t${number}`;
}

export function stagingNameOf(restore: string, number: number): string {
  return `tidemark_${restore}_${number}`;
}
