import { MemoryStore } from '../../../../repository/stores/memory.ts';
import { describeObjectStore } from '../object-store.conformance.ts';

describeObjectStore('MemoryStore', async () => {
  const store = new MemoryStore();
  return { store, other: store, close: async () => {} };
});
