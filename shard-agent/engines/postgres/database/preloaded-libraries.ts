/** Libraries that each new session loads, because a setting of its database or role says so: without them nobody connects. */
import { settingElements } from './properties.ts';

export interface PreloadedLibrary {
  readonly library: string;
  /** Named alone, it is one that everybody may load. */
  readonly plugin: boolean;
}

const lists = new Map([
  ['session_preload_libraries', false],
  ['local_preload_libraries', true],
]);

export function preloadedLibraries(settings: readonly { name: string; value: string }[]): PreloadedLibrary[] {
  return settings.flatMap(({ name, value }) => {
    const plugin = lists.get(name.toLowerCase());
    return plugin === undefined
      ? []
      : settingElements(name, value).flatMap((library) => (library === '' ? [] : [{ library, plugin }]));
  });
}
