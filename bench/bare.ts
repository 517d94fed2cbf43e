/**
 * The measure of all: a Fastify handler over HTTPS that parses the review and answers a prepared body of the size that the
 * webhook answers, and does nothing else. Usage: bare.ts PORT CERT_DIR ANSWERS_FILE (a JSON object, answer bytes by pod name).
 */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import fastify from 'fastify'

const [port = '', certDir = '', answersFile = ''] = process.argv.slice(2)
const sizes: Record<string, number> = JSON.parse(readFileSync(answersFile, 'utf8'))
const envelope = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"patch":""}}'
const answers = new Map(
  Object.entries(sizes).map(([name, size]) => [
    name,
    envelope.replace('""', `"${'A'.repeat(Math.max(0, size - envelope.length))}"`),
  ]),
)

const app = fastify({
  https: {cert: readFileSync(join(certDir, 'tls.crt')), key: readFileSync(join(certDir, 'tls.key'))},
  bodyLimit: 7 * 1024 * 1024,
})
app.get('/readyz', () => 'ok')
app.post<{Body: {request: {uid: string}}}>('/mutate', (request, reply) => {
  void reply.header('content-type', 'application/json').send(answers.get(request.body.request.uid))
})
await app.listen({host: '127.0.0.1', port: Number(port)})
