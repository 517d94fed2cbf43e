import type {LinkerdRuleCode} from '../../../codes/rules-linkerd.ts'
import {PartFindings} from '../../part.ts'

export class Findings extends PartFindings<LinkerdRuleCode> {}
