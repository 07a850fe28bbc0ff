import { SeededNumbers } from '../../seeded-numbers.ts';

/** Values that look random and are the same for the same seed: what a shrunk example names by a number. */
export class Dice extends SeededNumbers {
  below(limit: number): number {
    return this.next() % limit;
  }

  between(least: number, greatest: number): number {
    return least + this.below(greatest - least + 1);
  }

  one<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** As many bits as asked for, as a number without sign. */
  bits(count: number): bigint {
    let value = 0n;
    for (let at = 0; at < count; at += 32) value = (value << 32n) | BigInt(this.next());
    return value & ((1n << BigInt(count)) - 1n);
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => this.below(10)).join('');
  }

  /** Any number a DOUBLE can hold except NaN and the infinities, in the fewest digits that mean it. */
  double(): string {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, this.bits(64));
    const value = view.getFloat64(0);
    return Number.isFinite(value) ? String(value) : '1.5';
  }

  /** The same for a FLOAT of four bytes. */
  float(): string {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, this.next());
    const value = view.getFloat32(0);
    return Number.isFinite(value) ? String(value) : '1.5';
  }

  /** Characters of all planes, controls among them; never NUL, surrogates or a code point that is no character. */
  text(length: number): string {
    const ranges = [
      [0x20, 0x7e],
      [0x01, 0x1f],
      [0x7f, 0x24f],
      [0x370, 0x1fff],
      [0x4e00, 0x9fa5],
      [0x1f300, 0x1faf6],
      [0x20000, 0x2a6d6],
    ] as const;
    return Array.from({ length }, () => {
      const [least, greatest] = this.one(ranges);
      return String.fromCodePoint(this.between(least, greatest));
    }).join('');
  }
}
