import { compareIds, type ListGrades } from '@sweepboard/metrics'
import { JsonStrings, type SharedStrings } from './json-strings.ts'
import type { RankedList } from './ranked-list.ts'

/** Judged documents of one query, by their places. */
export interface JudgedPlaces {
  readonly places: Uint32Array
  readonly grades: Int32Array
}

/** The ids of all documents of a task, in the order that breaks ties; lists of a search hold places in it. */
export class Catalogue {
  readonly size: number
  /** Per place, while grades are looked up: 1 + the index of its judgment, or 0. */
  private readonly marks: Uint32Array
  private known: readonly string[] | null
  private json: JsonStrings | null
  private readonly judged = new WeakMap<ReadonlyMap<string, number>, JudgedPlaces>()

  /** Distinct ids, descending in code-point order; or what another catalogue shares. */
  constructor(ids: readonly string[] | SharedStrings) {
    this.known = 'ends' in ids ? null : ids
    this.json = 'ends' in ids ? new JsonStrings(ids) : null
    this.size = this.json?.size ?? (ids as readonly string[]).length
    this.marks = new Uint32Array(this.size)
  }

  get ids(): readonly string[] {
    this.known ??= this.strings.strings()
    return this.known
  }

  /** For a catalogue in another thread, and for the heads of runs. */
  get shared(): SharedStrings {
    return this.strings.shared
  }

  placeOf(id: string): number | undefined {
    const { ids } = this
    let [from, to] = [0, ids.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (compareIds(ids[middle] as string, id) > 0) from = middle + 1
      else to = middle
    }
    return ids[from] === id ? from : undefined
  }

  /** Grades of the documents at some distinct places, in their order. */
  gradesAt(places: Uint32Array, judgments: ReadonlyMap<string, number>): ListGrades {
    const { marks } = this
    const judged = this.judgedPlaces(judgments)
    for (let i = 0; i < judged.places.length; i++) marks[judged.places[i] as number] = i + 1
    const grades = new Int32Array(places.length).fill(-1)
    const judgedRanks = new Uint32Array(Math.min(places.length, judged.places.length))
    let count = 0
    for (let i = 0; i < places.length; i++) {
      const mark = marks[places[i] as number] as number
      if (mark === 0) continue
      grades[i] = judged.grades[mark - 1] as number
      judgedRanks[count++] = i
    }
    for (let i = 0; i < judged.places.length; i++) marks[judged.places[i] as number] = 0
    return { grades, judgedRanks: judgedRanks.subarray(0, count) }
  }

  /** What is judged in the catalogue with a grade of 0 or more; looked up once for all configs. */
  judgedPlaces(judgments: ReadonlyMap<string, number>): JudgedPlaces {
    const known = this.judged.get(judgments)
    if (known) return known
    const found = Array.from(judgments, ([id, grade]) => ({ place: this.placeOf(id), grade })).filter(
      (own): own is { place: number; grade: number } => own.place !== undefined && own.grade >= 0,
    )
    const own = { places: Uint32Array.from(found, ({ place }) => place), grades: Int32Array.from(found, ({ grade }) => grade) }
    this.judged.set(judgments, own)
    return own
  }

  /** Takes over what another catalogue looked up. */
  judge(judgments: ReadonlyMap<string, number>, own: JudgedPlaces): void {
    this.judged.set(judgments, own)
  }

  private get strings(): JsonStrings {
    this.json ??= new JsonStrings(this.ids)
    return this.json
  }
}

/** A ranked list by places of a catalogue: ids are only looked up where somebody asks for them. */
export class CatalogueList implements RankedList {
  readonly ranked = true
  readonly catalogue: Catalogue
  readonly places: Uint32Array
  readonly scores: Float32Array

  /** Both by (score descending, place ascending); places are distinct. */
  constructor(catalogue: Catalogue, places: Uint32Array, scores: Float32Array) {
    this.catalogue = catalogue
    this.places = places
    this.scores = scores
  }

  get documentIds(): readonly string[] {
    return Array.from(this.places, (place) => this.catalogue.ids[place] as string)
  }

  gradesOf(judgments: ReadonlyMap<string, number>): ListGrades {
    return this.catalogue.gradesAt(this.places, judgments)
  }
}
