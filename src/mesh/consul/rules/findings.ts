import type {ConsulRuleCode} from '../../../codes/rules-consul.ts'
import {PartFindings} from '../../part.ts'

export class Findings extends PartFindings<ConsulRuleCode> {}
