/** Names and texts as SQL writes them. */

/** As the servers' own clients quote names. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** As both servers read it under any sql_mode without ANSI_QUOTES, as this engine's sessions have none. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`;
}

/** `user@host` as the server tells it; a role has no host. */
export function quoteAccount(account: string): string {
  const at = account.lastIndexOf('@');
  if (at === -1) return quoteName(account);
  return `${quoteName(account.slice(0, at))}@${quoteName(account.slice(at + 1))}`;
}
