import {mkdir, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {monitoringFiles} from '../src/monitoring/files.ts'

// Writes what stands in manifests/prometheus and manifests/grafana.
for (const [file, text] of Object.entries(monitoringFiles())) {
  const path = join(import.meta.dirname, '..', 'manifests', file)
  await mkdir(dirname(path), {recursive: true})
  await writeFile(path, text)
}
