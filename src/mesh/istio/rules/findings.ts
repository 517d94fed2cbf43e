import type {IstioRuleCode} from '../../../codes/rules-istio.ts'
import {PartFindings} from '../../part.ts'

export class Findings extends PartFindings<IstioRuleCode> {}
