/** One line or bar of a panel: a query, and what it is called in the legend. */
export interface Target {
  readonly expr: string
  readonly legend: string
}

export interface Panel {
  readonly title: string
  /** What a reader must know to read it right. */
  readonly description: string
  readonly type: 'timeseries' | 'stat' | 'table'
  readonly unit: 'reqps' | 'percentunit' | 'ms' | 's' | 'bytes' | 'short' | 'ops' | 'dtdurations' | 'none'
  readonly targets: readonly Target[]
  /** Of 24; 8 where absent. */
  readonly width?: number
  readonly stacked?: boolean
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** What a reader picks from: the values of a label. */
export interface Variable {
  readonly name: string
  readonly label: string
  readonly query: string
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly variables: readonly Variable[]
  readonly rows: readonly Row[]
}

const height = 8
const usualWidth = 8
const datasource = {type: 'prometheus', uid: '${datasource}'}

/** A dashboard as Grafana 10 and later import it; which Prometheus it reads is picked in it. */
export function grafana({uid, title, description, variables, rows}: Dashboard): object {
  let [y, id] = [0, 0]
  const panels = rows.flatMap((row) => {
    const header = {
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: {x: 0, y, w: 24, h: 1},
      panels: [],
    }
    y += 1
    let x = 0
    const drawn = row.panels.map((panel) => {
      const {width = usualWidth} = panel
      if (x + width > 24) [x, y] = [0, y + height]
      const placed = drawing(panel, ++id, {x, y, w: width, h: height})
      x += width
      return placed
    })
    y += height
    return [header, ...drawn]
  })
  return {
    uid,
    title,
    description,
    tags: ['meshwright'],
    schemaVersion: 38,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: {from: 'now-1h', to: 'now'},
    templating: {
      list: [
        {name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus'},
        ...variables.map(({name, label, query}) => ({
          name,
          label,
          type: 'query',
          datasource,
          query: {query, refId: name},
          definition: query,
          refresh: 2,
          sort: 1,
        })),
      ],
    },
    panels,
  }
}

function drawing(
  {title, description, type, unit, targets, stacked = false}: Panel,
  id: number,
  gridPos: object,
): object {
  const isTable = type === 'table'
  return {
    id,
    type,
    title,
    description,
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        ...(unit === 'percentunit' && {min: 0, max: 1}),
        ...(type === 'timeseries' && {
          custom: {
            lineWidth: 1,
            fillOpacity: stacked ? 30 : 0,
            stacking: {mode: stacked ? 'normal' : 'none'},
            showPoints: 'never',
          },
        }),
      },
      overrides: [],
    },
    ...(type === 'timeseries' && {
      // The numbers beside the lines: colour is not all that tells them apart.
      options: {
        legend: {displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max']},
        tooltip: {mode: 'multi', sort: 'desc'},
      },
    }),
    targets: targets.map(({expr, legend}, index) => ({
      refId: String.fromCodePoint('A'.charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat: legend,
      ...(isTable && {format: 'table', instant: true}),
    })),
    ...(isTable && {
      transformations: [
        {id: 'merge', options: {}},
        {
          id: 'organize',
          options: {
            excludeByName: {Time: true},
            renameByName: Object.fromEntries(
              targets.map(({legend}, index) => [`Value #${String.fromCodePoint('A'.charCodeAt(0) + index)}`, legend]),
            ),
          },
        },
      ],
    }),
  }
}
