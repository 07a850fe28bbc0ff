/** What both files say in the same words: where the repository is, how coordinator and agent speak. */

export interface RepositoryConfig {
  /** Normalised: file:///absolute/path without a trailing slash. */
  readonly url: string;
}

/**
 * mutual TLS needs all three files (PEM). plaintext is only allowed when both files say so, or when the address is
 * loopback; `default` means: plaintext on loopback, refused elsewhere.
 */
export type TransportConfig =
  | { readonly kind: 'default' }
  | { readonly kind: 'plaintext' }
  | { readonly kind: 'tls'; readonly caPath: string; readonly certPath: string; readonly keyPath: string };
