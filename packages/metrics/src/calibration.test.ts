import { describe, expect, it } from 'vitest'
import { calibrate, fallingIntervals, fitCalibration } from './calibration.ts'
import { calibrationErrors } from './calibration-errors.ts'
import { fitPolynomial } from './least-squares.ts'

const X = Float64Array.of(-3.1, -2.4, -1.9, -1.2, -0.7, -0.7, 0.1, 0.4, 1.3, 2.2, 3.7, 5.0)
const Y = Float64Array.of(0.02, 0.05, 0.03, 0.11, 0.2, 0.16, 0.31, 0.5, 0.42, 0.77, 0.71, 0.93)

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0)
}

/** Solved by the normal equations and Gauss's elimination: right for harmless points, and nothing like QR. */
function normalEquations(x: Float64Array, y: Float64Array, degree: number): number[] {
  const powers = Array.from({ length: degree + 1 }, (_, i) => i)
  const moment = (power: number, times?: Float64Array) => x.reduce((sum, value, i) => sum + value ** power * (times?.[i] ?? 1), 0)
  const rows = powers.map((i) => [...powers.map((j) => moment(i + j)), moment(i, y)])
  for (const k of powers)
    for (const i of powers)
      if (i !== k) {
        const factor = (rows[i]?.[k] as number) / (rows[k]?.[k] as number)
        rows[i] = (rows[i] as number[]).map((value, j) => value - factor * (rows[k]?.[j] as number))
      }
  return powers.map((i) => (rows[i]?.[degree + 1] as number) / (rows[i]?.[i] as number))
}

describe('fitPolynomial', () => {
  it("equals numpy's polyfit and the normal equations", () => {
    const cubic = [0.30575838445366593, 0.15395745339668568, 0.008329473289429746, -0.0031775290850639764]
    const found = Array.from(fitPolynomial(X, Y, 3) ?? [])
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(cubic[i] as number, 13)
    })
    normalEquations(X, Y, 3).forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 11)
    })
  })

  it('has no answer where points are too few or too alike', () => {
    expect(fitPolynomial(Float64Array.of(1, 2), Float64Array.of(1, 2), 3)).toBeNull()
    expect(fitPolynomial(Float64Array.of(1, 1, 2, 2), Float64Array.of(1, 2, 3, 4), 3)).toBeNull()
  })
})

describe('fitCalibration', () => {
  it('fits a line', () => {
    const line = fitCalibration('linear', X, Y)
    if (line === null) throw new Error('no fit')
    for (const x of [-2, 0, 4])
      expect(calibrate(line, x)).toBeCloseTo(polynomial([0.3230315163877661, 0.12356363086918751], x), 13)
  })

  it('keeps its digits for scores far from zero', () => {
    const far = Float64Array.from({ length: 12 }, (_, i) => 1000 + i / 70)
    const cubic = fitCalibration(
      'cubic',
      far,
      far.map((x) => 0.2 * (x - 1000) ** 3 - (x - 1000) + 0.5),
    )
    if (cubic === null) throw new Error('no fit')
    expect(calibrate(cubic, 1000.09)).toBeCloseTo(0.2 * 0.09 ** 3 - 0.09 + 0.5, 10)
  })

  it("equals scikit-learn's isotonic regression, ties of x and ends included", () => {
    const curve = fitCalibration('isotonic', X, Y)
    if (curve === null) throw new Error('no fit')
    const places = [-9, -3.1, -2, -1.55, -0.7, 0.2, 0.9, 1.3, 2.9, 4, 9]
    const wanted = [0.02, 0.02, 0.04, 0.075, 0.18, 0.36, 0.46, 0.46, 0.74, 0.7838461538461539, 0.93]
    places.forEach((x, i) => {
      expect(calibrate(curve, x)).toBeCloseTo(wanted[i] as number, 13)
    })
    expect(fallingIntervals(curve)).toEqual([])
  })

  it('pools an order that only falls into one level', () => {
    const curve = fitCalibration('isotonic', Float64Array.of(1, 2, 3), Float64Array.of(0.9, 0.5, 0.1))
    if (curve?.kind !== 'isotonic') throw new Error('no fit')
    for (const x of [0, 2, 5]) expect(calibrate(curve, x)).toBeCloseTo(0.5, 14)
  })

  it('clips to [0, 1] and needs enough distinct scores', () => {
    const steep = fitCalibration('linear', Float64Array.of(0, 1), Float64Array.of(-1, 2))
    if (steep === null) throw new Error('no fit')
    expect([calibrate(steep, 0), calibrate(steep, 1)]).toEqual([0, 1])
    expect(calibrate(steep, 0.5)).toBeCloseTo(0.5, 14)
    expect(fitCalibration('cubic', Float64Array.of(1, 2, 3, 3), Float64Array.of(0, 0, 1, 1))).toBeNull()
    expect(fitCalibration('isotonic', Float64Array.of(1, 1), Float64Array.of(0, 1))).toBeNull()
  })
})

describe('fallingIntervals', () => {
  it('names where a cubic falls: between its bends', () => {
    const x = Float64Array.from({ length: 41 }, (_, i) => i / 10 - 2)
    // x³ - x + 3 falls between -1/√3 and 1/√3.
    const cubic = fitCalibration(
      'cubic',
      x,
      x.map((value) => value ** 3 - value + 3),
    )
    if (cubic === null) throw new Error('no fit')
    const [interval, ...more] = fallingIntervals(cubic)
    expect(more).toEqual([])
    expect(interval?.[0]).toBeCloseTo(-1 / Math.sqrt(3), 9)
    expect(interval?.[1]).toBeCloseTo(1 / Math.sqrt(3), 9)
  })

  it('names the whole range of a falling line, and nothing of a rising cubic', () => {
    const line = fitCalibration(
      'linear',
      X,
      X.map((x) => -x),
    )
    const cubic = fitCalibration(
      'cubic',
      X,
      X.map((x) => x ** 3 + x),
    )
    if (line === null || cubic === null) throw new Error('no fit')
    expect(fallingIntervals(line)).toHaveLength(1)
    expect(fallingIntervals(line)[0]?.[0]).toBeCloseTo(-3.1, 13)
    expect(fallingIntervals(line)[0]?.[1]).toBeCloseTo(5, 13)
    expect(fallingIntervals(cubic)).toEqual([])
  })
})

describe('calibrationErrors', () => {
  it('sums over pairs and takes rank agreement within queries', () => {
    const found = calibrationErrors([
      { values: Float64Array.of(0.1, 0.4), targets: Float64Array.of(0.2, 0.2) },
      { values: Float64Array.of(0.9, 0.5, 0.7), targets: Float64Array.of(0.9, 0.3, 0.6) },
    ])
    expect(found.mae).toBeCloseTo(0.6 / 5, 12)
    expect(found.rmse).toBeCloseTo(Math.sqrt((0.01 + 0.04 + 0 + 0.04 + 0.01) / 5), 12)
    expect(found.kendall).toBe(1) // the first query's targets have no order
    expect(found).toMatchObject({ pairCount: 5, queryCount: 2 })
  })
})
