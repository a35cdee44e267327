/**
 * Which cells of the grid a search must look at: the one with its centre and up to eight around it, so coarse that they
 * cover the whole shape. Which cells, and in which order, are Redis's, because unsorted results come in that order.
 */
import * as geohash from './geohash.ts';

/** A circle or a rectangle around a position. Lengths in metres. */
export interface GeoShape {
  longitude: number;
  latitude: number;
  isBox: boolean;
  radius: number;
  width: number;
  height: number;
}

/** A range of scores: `min` belongs to it, `max` does not. */
export interface ScoreRange {
  readonly min: number;
  readonly max: number;
}

/** Metres from the equator to the edge of the map. */
const MERCATOR_MAX_M = 20037726.37;
/** Cells around the centre as steps up (rows) and right (columns). */
const AROUND: readonly (readonly [up: number, right: number])[] = [
  [0, 0],
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
];

export function rangesAround(shape: GeoShape): ScoreRange[] {
  const bounds = boundsOf(shape);
  const reach = shape.isBox ? Math.sqrt((shape.width / 2) ** 2 + (shape.height / 2) ** 2) : shape.radius;
  let steps = stepsFor(reach, shape.latitude);
  let grid = new Grid(shape, steps);
  if (steps > 1 && !grid.covers(bounds)) grid = new Grid(shape, --steps);
  const ranges: ScoreRange[] = [];
  let previous = -1;
  for (const [up, right] of AROUND) {
    if (steps >= 2 && !grid.needs(up, right, bounds)) continue;
    const bits = geohash.interleave(grid.row(up), grid.column(right));
    // On a grid of two rows or columns, the cells on both sides are the same one.
    if (previous === bits) continue;
    if (up !== 0 || right !== 0) previous = bits;
    const scale = 2 ** (2 * (geohash.STEPS_MAX - steps));
    ranges.push({ min: bits * scale, max: (bits + 1) * scale });
  }
  return ranges;
}

interface Bounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** The smallest range of degrees around the shape; meridians converge, so the side nearer to the pole decides. */
function boundsOf(shape: GeoShape): Bounds {
  const { longitude, latitude } = shape;
  const up = geohash.degreesOf(shape.isBox ? shape.height / 2 : shape.radius);
  const half = shape.isBox ? shape.width / 2 : shape.radius;
  const aside = geohash.degreesAt(half, latitude < 0 ? latitude - up : latitude + up);
  return { west: longitude - aside, east: longitude + aside, south: latitude - up, north: latitude + up };
}

/** How fine a grid may be so that a cell is about as large as the reach. */
function stepsFor(reach: number, latitude: number): number {
  if (reach === 0) return geohash.STEPS_MAX;
  let steps = -1;
  for (let metres = reach; metres < MERCATOR_MAX_M; metres *= 2) steps++;
  // Towards the poles cells are narrower.
  const from = Math.abs(latitude);
  if (from > 66) steps--;
  if (from > 80) steps--;
  return Math.min(Math.max(steps, 1), geohash.STEPS_MAX);
}

/** The grid of 2^steps rows and columns, seen from the cell of the centre; it goes round at its edges. */
class Grid {
  readonly #row: number;
  readonly #column: number;
  readonly #steps: number;
  readonly #mask: number;

  constructor(shape: GeoShape, steps: number) {
    this.#row = geohash.step(shape.latitude, geohash.LATITUDE_MAX, steps);
    this.#column = geohash.step(shape.longitude, geohash.LONGITUDE_MAX, steps);
    this.#steps = steps;
    this.#mask = 2 ** steps - 1;
  }

  row(up: number): number {
    return up === 0 ? this.#row : (this.#row + up) & this.#mask;
  }

  column(right: number): number {
    return right === 0 ? this.#column : (this.#column + right) & this.#mask;
  }

  /** Whether the centre's cell and its neighbours reach the bounds on every side. */
  covers(bounds: Bounds): boolean {
    const short =
      this.#north(this.row(1)) < bounds.north ||
      this.#south(this.row(-1)) > bounds.south ||
      this.#east(this.column(1)) < bounds.east ||
      this.#west(this.column(-1)) > bounds.west;
    // At a pole the bounds are no numbers, and nothing is short of them.
    return !short;
  }

  /** Whether the bounds reach beyond the centre's cell in that direction. */
  needs(up: number, right: number, bounds: Bounds): boolean {
    if (up < 0 && this.#south(this.#row) < bounds.south) return false;
    if (up > 0 && this.#north(this.#row) > bounds.north) return false;
    if (right < 0 && this.#west(this.#column) < bounds.west) return false;
    return !(right > 0 && this.#east(this.#column) > bounds.east);
  }

  #south(row: number): number {
    return geohash.edge(row, geohash.LATITUDE_MAX, this.#steps);
  }

  #north(row: number): number {
    return geohash.edge(row + 1, geohash.LATITUDE_MAX, this.#steps);
  }

  #west(column: number): number {
    return geohash.edge(column, geohash.LONGITUDE_MAX, this.#steps);
  }

  #east(column: number): number {
    return geohash.edge(column + 1, geohash.LONGITUDE_MAX, this.#steps);
  }
}
