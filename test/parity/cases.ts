import {accessCases} from './access-cases.ts'
import {ejectionCases} from './ejection-cases.ts'
import {retryCases} from './retry-cases.ts'
import {routeCases} from './route-cases.ts'
import type {Case} from './stage.ts'
import {timeoutCases} from './timeout-cases.ts'
import {waitCases} from './wait-cases.ts'
import {weightCases} from './weight-cases.ts'

/** What can be observed while other cases run. */
export const cases: readonly Case[] = [...routeCases, ...timeoutCases, ...retryCases, ...ejectionCases, ...accessCases]

/** What needs the machine for itself. */
export const quietCases: readonly Case[] = [...waitCases, ...weightCases]
