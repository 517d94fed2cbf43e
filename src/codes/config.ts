import type {Entry} from './decisions.ts'

/** MW4xxx: why a configuration is not taken; the last good one stays in force. */
export const configCodes = {
  MW4001: {
    title: 'cannot be read',
    sentence: 'The configuration file is missing, may not be read, or is not UTF-8 text.',
    fix: 'Check the path and its permissions.',
  },
  MW4002: {
    title: 'too large',
    sentence: 'A configuration file is larger than 1 MiB.',
    fix: 'Split it into several files and repeat --config.',
  },
  MW4003: {
    title: 'unknown key',
    sentence: 'The configuration has no such key at this place.',
    fix: 'Use the key that the sentence names; meshwright config schema prints them all.',
  },
  MW4004: {
    title: 'not YAML',
    sentence: 'The text is not well-formed YAML.',
    fix: 'Correct it at the place named; most often indentation or an unclosed quote.',
  },
  MW4005: {
    title: 'duplicate key',
    sentence: 'A map has the same key twice.',
    fix: 'Remove one of the two.',
  },
  MW4006: {
    title: 'anchor or alias',
    sentence: 'YAML anchors, aliases and tags are not taken: a few lines of them can stand for gigabytes.',
    fix: 'Write the value out, or share it through a template.',
  },
  MW4007: {
    title: 'several documents',
    sentence: 'A configuration file holds one YAML document.',
    fix: 'Put each document into a file of its own and repeat --config.',
  },
  MW4008: {
    title: 'not a configuration',
    sentence: 'The document is neither a configuration, nor a ConfigMap that holds one, nor a MeshConfig object.',
    fix: 'Give a map with mesh, meshSecurity, environments or templates.',
  },
  MW4009: {
    title: 'bad value',
    sentence: 'A value has the wrong type, unit or range.',
    fix: 'Write what the sentence expects.',
  },
  MW4010: {
    title: 'missing key',
    sentence: 'A key that must be there is not.',
    fix: 'Add it.',
  },
  MW4011: {
    title: 'two spellings disagree',
    sentence: 'Two keys that mean the same have different values, and neither outranks the other.',
    fix: 'Keep one of the two.',
  },
  MW4012: {
    title: 'unknown environment',
    sentence: 'No environment of that name is declared.',
    fix: 'Choose one that the sentence names, or declare it under environments.',
  },
  MW4013: {
    title: 'unknown template',
    sentence: 'No template of that name is built in or declared.',
    fix: 'Choose one that the sentence names, or declare it under templates.',
  },
  MW4014: {
    title: 'environments extend each other',
    sentence: 'An extends chain comes back to where it began.',
    fix: 'Remove one extends of the chain.',
  },
  MW4015: {
    title: "the administrator's key",
    sentence: 'Only the base of the configuration may set this key, not an environment or a template.',
    fix: 'Move it to mesh at the top level.',
  },
  MW4016: {
    title: 'nested too deeply',
    sentence: 'The document is nested deeper than 64 levels.',
    fix: 'Flatten it.',
  },
  MW4017: {
    title: 'contradiction',
    sentence: 'Two values that are each fine cannot both hold.',
    fix: 'Change one of the two that the sentence names.',
  },
  MW4018: {
    title: 'the mesh cannot use it',
    sentence: "The mesh's own chart or injector would refuse these settings, or mesh.strict does.",
    fix: 'Change the setting that the sentence names.',
  },
} as const satisfies Record<string, Entry>

export type ConfigCode = keyof typeof configCodes
