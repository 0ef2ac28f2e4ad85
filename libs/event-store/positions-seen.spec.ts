import { describe, expect, it } from '@jest/globals';
import { notingPositions, position, PositionsSeen, positionsSeen } from './index.js';

const at = (value: number) => position(BigInt(value));
const request = (known: number) => {
  const process = new PositionsSeen();
  process.event(at(known));
  return { process, piece: new PositionsSeen(process) };
};

describe('what a piece of work has seen of the log', () => {
  it('is of its snapshots the least, whatever it read of the log beside them', () => {
    const { piece } = request(9);
    piece.snapshot(at(7));
    piece.snapshot(at(5));
    piece.snapshot(at(6));
    piece.event(at(20));
    expect([piece.own, piece.position]).toEqual([5n, 5n]);
  });

  it('is of the events that it read the last, and no less than what was committed before it began', () => {
    const { piece } = request(9);
    piece.event(at(3));
    expect(piece.own).toBe(9n);
    piece.event(at(12));
    piece.event(at(11));
    expect(piece.own).toBe(12n);
  });

  it('is nothing of its own when it read nothing, and where it began', () => {
    const { piece } = request(9);
    expect([piece.own, piece.position]).toEqual([undefined, 9n]);
    expect(new PositionsSeen(new PositionsSeen()).position).toBeUndefined();
  });

  it('never grows by what others see meanwhile', () => {
    const { process, piece } = request(9);
    const call = new PositionsSeen(piece);
    call.event(at(4));
    new PositionsSeen(process).event(at(30));
    piece.snapshot(at(31));
    expect([call.own, piece.position, process.position]).toEqual([9n, 31n, 31n]);
    expect(new PositionsSeen(process).position).toBe(31n);
  });

  it('is noted by reads wherever they happen within it, and nowhere else', async () => {
    const [one, other] = [request(0).piece, request(0).piece];
    const read = async (value: number) => {
      await new Promise((resolve) => setImmediate(resolve));
      positionsSeen()?.snapshot(at(value));
    };
    await Promise.all([
      notingPositions(one, () => read(3)),
      notingPositions(other, () => read(4)),
      read(1),
    ]);
    expect([one.own, other.own]).toEqual([3n, 4n]);
    expect(positionsSeen()).toBeUndefined();
  });
});
