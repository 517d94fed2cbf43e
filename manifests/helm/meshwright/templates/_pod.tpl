{{/* The labels of a component's objects: (dict "component" NAME) */}}
{{- define "meshwright.labels" -}}
app.kubernetes.io/name: meshwright
app.kubernetes.io/part-of: meshwright
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "meshwright.selector" -}}
app.kubernetes.io/name: meshwright
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "meshwright.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ printf "%s@%s" .repository .digest }}
{{- else -}}
{{ printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What both components' pods begin with: (dict "root" $ "component" NAME "grace" SECONDS) */}}
{{- define "meshwright.template" -}}
{{- $root := .root -}}
{{- $own := get $root.Values .component -}}
metadata:
  labels:
    {{- merge (include "meshwright.labels" . | fromYaml) $own.podLabels | toYaml | nindent 4 }}
  {{- with $own.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: meshwright-{{ .component }}
  priorityClassName: {{ $root.Values.priorityClassName | default "meshwright" | quote }}
  terminationGracePeriodSeconds: {{ .grace }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: {type: RuntimeDefault}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  topologySpreadConstraints:
    {{- $required := eq (get $own "spread" | default "preferred") "required" }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: {{ $required | ternary "DoNotSchedule" "ScheduleAnyway" }}
      {{- if $required }}
      minDomains: {{ $own.replicas }}
      {{- end }}
      labelSelector:
        matchLabels:
          {{- include "meshwright.selector" . | nindent 10 }}
      matchLabelKeys: [pod-template-hash]
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "meshwright.selector" . | nindent 10 }}
      matchLabelKeys: [pod-template-hash]
  {{- with $own.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* What both components' containers have in common: (dict "root" $ "component" NAME) */}}
{{- define "meshwright.container" -}}
name: {{ .component }}
image: {{ include "meshwright.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
resources:
  {{- get (get .root.Values .component) "resources" | toYaml | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}
