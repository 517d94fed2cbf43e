import {z} from 'zod'
import {meaning, section} from '../config/value.ts'
import {list, listMap, ruleDuration, texts, versionName, wholeNumber} from './value.ts'

export const protocols = ['http', 'http2', 'grpc', 'tcp'] as const

const path = z
  .string()
  .max(1024)
  .regex(/^\/[!-~]*$/)
  .meta(meaning('a path that begins with /', 'Where the health check asks.'))

/** The spec of a MeshService; `metadata.name` is the name of the Service. */
export const meshServiceSchema = section(
  {
    port: wholeNumber(1, 65535, 'The port that the service listens on.'),
    protocol: z
      .enum(protocols)
      .meta({...meaning(`one of ${protocols.join(', ')}`, 'What is spoken on the port.'), default: 'http'})
      .optional(),
    versions: listMap(
      section({name: versionName('The version, such as v1.0.0.')}, 'A version that runs.'),
      ['name'],
      32,
      'a list of at most 32 versions',
      'The versions that run; each writer owns its own.',
    ).optional(),
    tags: list(
      z.string().min(1).max(128).meta(meaning('a text of at most 128 characters', 'A tag.')),
      64,
      'a list of 1 to 64 tags',
      "Tags for whoever looks the service up, where the mesh's registry has them.",
    ).optional(),
    metadata: texts(64, "Metadata for whoever looks the service up, where the mesh's registry has it.").optional(),
    healthCheck: section(
      {
        path: path.optional(),
        interval: ruleDuration('The time between two checks.').optional(),
        timeout: ruleDuration('How long an answer may take.').optional(),
      },
      'How the service tells that it is well.',
    ).optional(),
  },
  'A service, as it registers itself.',
)

export type MeshServiceSpec = z.output<typeof meshServiceSchema>

/** What holds of the name of a MeshService. */
export const meshServiceName = {
  cel: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",
  message: 'metadata.name must be the name of a Service: at most 63 lower-case letters, digits and dashes',
  holds: (name: string) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name),
} as const
