import {generateKeyPairSync} from 'node:crypto'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

/** The events that the API server writes to its audit log: how much of each. */
export type AuditLevel = 'Metadata' | 'Request' | 'RequestResponse'

export type Ports = {readonly etcd: number; readonly etcdPeer: number; readonly apiServer: number}

/** The files of one cluster, all under one folder. */
export type Layout = {
  readonly dir: string
  readonly etcdData: string
  /** The API server makes its own certificates here: `apiserver.crt` holds the leaf and, after it, its CA. */
  readonly certDir: string
  readonly caFile: string
  readonly serviceAccountKey: string
  readonly tokens: string
  readonly kubeconfig: string
  readonly auditPolicy: string
  readonly auditLog: string
  /** For files of the tests. */
  readonly scratch: string
}

export function layout(dir: string): Layout {
  const certDir = join(dir, 'certs')
  return {
    dir,
    etcdData: join(dir, 'etcd'),
    certDir,
    caFile: join(certDir, 'apiserver.crt'),
    serviceAccountKey: join(dir, 'service-account.key'),
    tokens: join(dir, 'tokens.csv'),
    kubeconfig: join(dir, 'kubeconfig'),
    auditPolicy: join(dir, 'audit-policy.json'),
    auditLog: join(dir, 'audit.jsonl'),
    scratch: join(dir, 'scratch'),
  }
}

/** Writes what the processes read when they start. */
export async function writeFiles(files: Layout, url: string, token: string, audit?: AuditLevel): Promise<void> {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'})
  await mkdir(files.certDir)
  await writeFile(files.serviceAccountKey, privateKey.export({type: 'sec1', format: 'pem'}), {mode: 0o600})
  await writeFile(files.tokens, `${token},admin,admin,system:masters\n`, {mode: 0o600})
  // JSON is YAML; kubectl and client-go read both.
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{name: 'test', cluster: {server: url, 'certificate-authority': files.caFile}}],
    users: [{name: 'admin', user: {token}}],
    contexts: [{name: 'test', context: {cluster: 'test', user: 'admin'}}],
  }
  await writeFile(files.kubeconfig, JSON.stringify(kubeconfig, undefined, 2), {mode: 0o600})
  if (audit !== undefined) {
    const policy = {
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{level: audit, verbs: ['create', 'update', 'patch', 'delete', 'deletecollection']}, {level: 'None'}],
    }
    await writeFile(files.auditPolicy, JSON.stringify(policy))
  }
}

export function etcdArgs(files: Layout, ports: Ports): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  return [
    `--data-dir=${files.etcdData}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // The data end with the cluster, so nothing has to survive a power failure.
    '--unsafe-no-fsync',
  ]
}

export function apiServerArgs(files: Layout, ports: Ports, audit?: AuditLevel): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--external-hostname=127.0.0.1',
    `--secure-port=${ports.apiServer}`,
    `--cert-dir=${files.certDir}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${files.tokens}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    // Off by default in the API server, on in every installer: node agents and CNI pods are privileged.
    '--allow-privileged=true',
    // Endpoints in 127.0.0.0/8 are invalid, so the API server could not publish its own address.
    '--endpoint-reconciler-type=none',
    // Without it, SIGTERM waits up to a minute for the watches of clients that never end them; with it, 2 s.
    '--shutdown-send-retry-after=true',
    ...(audit === undefined ? [] : [`--audit-policy-file=${files.auditPolicy}`, `--audit-log-path=${files.auditLog}`]),
  ]
}

export function controllerManagerArgs(files: Layout): string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    // Published in every namespace as the ConfigMap kube-root-ca.crt.
    `--root-ca-file=${files.caFile}`,
    '--use-service-account-credentials=true',
    ...CLIENT_ARGS,
  ]
}

export function schedulerArgs(files: Layout): string[] {
  return [`--kubeconfig=${files.kubeconfig}`, ...CLIENT_ARGS]
}

// The default rate of 20 requests a second would make a test with hundreds of pods wait for the client.
const CLIENT_ARGS = ['--leader-elect=false', '--secure-port=0', '--kube-api-qps=500', '--kube-api-burst=1000']

export function kwokArgs(files: Layout, podCidr: string): string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    '--manage-all-nodes=true',
    `--cidr=${podCidr}`,
    `--config=${join(import.meta.dirname, 'stages.yaml')}`,
  ]
}

/**
 * The Node object that kwok plays kubelet for: ample room, and a kubelet of the API server's own version, since
 * injectors read it to decide on native sidecars.
 */
export function nodeManifest(index: number, kubeletVersion: string): object {
  const name = `node-${index}`
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'},
    },
    status: {
      addresses: [
        {type: 'InternalIP', address: `10.0.${index >> 8}.${index & 255}`},
        {type: 'Hostname', address: name},
      ],
      capacity: CAPACITY,
      allocatable: CAPACITY,
      nodeInfo: {kubeletVersion},
    },
  }
}

const CAPACITY = {cpu: '1000', memory: '4Ti', pods: '100000', 'ephemeral-storage': '10Ti'}
