import type {Absent, Row} from './row.ts'
import {authority} from './rows/authority.ts'
import {bodies} from './rows/bodies.ts'
import {bundle} from './rows/bundle.ts'
import {burst} from './rows/burst.ts'
import {controllerKills} from './rows/controller-kills.ts'
import {giants} from './rows/giants.ts'
import {kills} from './rows/kills.ts'
import {leader} from './rows/leader.ts'
import {leaf} from './rows/leaf.ts'
import {outage} from './rows/outage.ts'
import {overload} from './rows/overload.ts'
import {pods} from './rows/pods.ts'
import {rollout} from './rows/rollout.ts'
import {secret} from './rows/secret.ts'
import {size} from './rows/size.ts'
import {soak} from './rows/soak.ts'
import {steady} from './rows/steady.ts'
import {watch} from './rows/watch.ts'
import {zero} from './rows/zero.ts'

/** In the order of the matrix. */
export const rows: readonly Row[] = [
  steady,
  burst,
  kills,
  rollout,
  leaf,
  authority,
  secret,
  bundle,
  outage,
  watch,
  leader,
  size,
  bodies,
  pods,
  giants,
  overload,
  controllerKills,
  zero,
  soak,
]

/** What a machine of two cores with one version of Kubernetes cannot show. */
export const absent: readonly Absent[] = [
  {
    number: 2,
    fault: '10,000 creates by 500 users, with and without us',
    bar: 'p99 at most 10 % longer',
    because:
      'API server, etcd, webhook and client would share two cores here, and the difference would be how they share them',
  },
  {
    number: 21,
    fault: 'oldest to newest Kubernetes, upgrades under load',
    bar: '0 failed',
    because: 'the test cluster is built from one version of Kubernetes, 1.36',
  },
]
