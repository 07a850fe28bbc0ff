/** Lists that shrink to one of their items before anything else: most failures need one table only. */
import fc from 'fast-check';

/** As `items`, a list of at least one item, whose parts must all be shrinkable without context. */
export function aloneFirst<T>(items: fc.Arbitrary<T[]>): fc.Arbitrary<T[]> {
  return new AloneFirst(items);
}

interface Context {
  /** What the list's own shrinking goes on with. */
  readonly inner: unknown;
  /** Each item was tried alone. */
  readonly tried: boolean;
}

class AloneFirst<T> extends fc.Arbitrary<T[]> {
  readonly #items: fc.Arbitrary<T[]>;

  constructor(items: fc.Arbitrary<T[]>) {
    super();
    this.#items = items;
  }

  generate(random: fc.Random, biasFactor: number | undefined): fc.Value<T[]> {
    const drawn = this.#items.generate(random, biasFactor);
    const context: Context = { inner: drawn.context, tried: false };
    return new fc.Value(drawn.value_, context);
  }

  canShrinkWithoutContext(value: unknown): value is T[] {
    return this.#items.canShrinkWithoutContext(value);
  }

  shrink(value: T[], context: unknown): fc.Stream<fc.Value<T[]>> {
    const { inner, tried } = (context ?? { inner: undefined, tried: false }) as Context;
    const alone = tried || value.length < 2 ? [] : value.map((item) => [item]);
    const singles = alone.map((list) => new fc.Value(list, { inner: undefined, tried: true }));
    const others = this.#items
      .shrink(value, inner)
      .map((smaller) => new fc.Value(smaller.value_, { inner: smaller.context, tried: true }));
    return fc.Stream.of(...singles).join(others);
  }
}
