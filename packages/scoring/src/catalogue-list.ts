import { JsonStrings } from './json-strings.ts'
import type { RankedList } from './ranked-list.ts'

/** The ids of all documents of a task, in the order that breaks ties; lists of a search hold places in it. */
export class Catalogue {
  readonly ids: readonly string[]
  /** Per place, while grades are looked up: 1 + the index of its judgment, or 0. */
  private readonly marks: Uint32Array
  private places: Map<string, number> | null = null
  private json: JsonStrings | null = null

  /** Distinct ids, descending in code-point order. */
  constructor(ids: readonly string[]) {
    this.ids = ids
    this.marks = new Uint32Array(ids.length)
  }

  placeOf(id: string): number | undefined {
    this.places ??= new Map(this.ids.map((own, place) => [own, place]))
    return this.places.get(id)
  }

  /** The ids at places as a JSON array, in UTF-8. */
  jsonOf(places: Uint32Array): Uint8Array {
    this.json ??= new JsonStrings(this.ids)
    return this.json.arrayOf(places)
  }

  /** [places] grade of each; -1 where unjudged or below 0. */
  gradesAt(places: Uint32Array, judgments: ReadonlyMap<string, number>): Int32Array {
    const judged = Array.from(judgments, ([id, grade]) => ({ place: this.placeOf(id), grade })).filter(
      (own): own is { place: number; grade: number } => own.place !== undefined && own.grade >= 0,
    )
    judged.forEach(({ place }, i) => {
      this.marks[place] = i + 1
    })
    const grades = new Int32Array(places.length).fill(-1)
    for (let i = 0; i < places.length; i++) {
      const mark = this.marks[places[i] as number] as number
      if (mark > 0) grades[i] = judged[mark - 1]?.grade as number
    }
    for (const { place } of judged) this.marks[place] = 0
    return grades
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

  gradesOf(judgments: ReadonlyMap<string, number>): Int32Array {
    return this.catalogue.gradesAt(this.places, judgments)
  }
}
