import { holdForHalf } from './hold-for.ts'

holdForHalf(1)
