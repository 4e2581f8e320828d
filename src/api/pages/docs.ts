// The reference for people: the generated document as one readable page.
import type { JsonSchema, OpenApiDocument, Operation, ResponseObject } from '../openapi.ts'
import { html, type Html } from './html.ts'
import type { Page } from './layout.ts'

type Call = { method: string; path: string; operation: Operation }

/** One page with every operation, its fields, answers and an example to copy. */
export function docsPage(document: OpenApiDocument, brand: string): Page {
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const groups = [...Map.groupBy(calls, (call) => call.operation.tags[0] ?? '')]
  const body = html`<h1>${document.info.title}</h1>
    <p class="lead">${document.info.description} The same as a document for programs: <a href="/openapi.json">openapi.json</a>.</p>
    <nav class="toc" aria-label="Sections">
      ${groups.map(([tag]) => html`<a href="#${anchor(tag)}">${tag}</a>`)}<a href="#schemas">Schemas</a>
    </nav>
    ${groups.map(
      ([tag, group]) =>
        html`<h2 id="${anchor(tag)}">${tag}</h2>
          ${group.map((call) => callSection(call, document))}`,
    )}
    <h2 id="schemas">Schemas</h2>
    ${Object.entries(document.components.schemas).map(([name, schema]) => schemaSection(name, schema))}`
  return { status: 200, title: 'Reference', brand, body, width: 'wide' }
}

function anchor(tag: string): string {
  return tag.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}

function callSection({ method, path, operation }: Call, document: OpenApiDocument): Html {
  const open = operation.security.length === 0 || operation.security.some((requirement) => Object.keys(requirement).length === 0)
  return html`<details class="call" id="${operation.operationId}">
    <summary>
      <span class="verb ${method}">${method.toUpperCase()}</span><span class="path">${path}</span
      ><span class="what">${operation.summary}</span>
    </summary>
    <div class="inner">
      ${operation.description === undefined ? null : html`<p>${operation.description}</p>`}
      <p>${open ? 'No credential needed here.' : html`Needs <code>Authorization: Bearer …</code>, a JWT or an API key.`}</p>
      <h3>Example</h3>
      <pre tabindex="0">${curl({ method, path, operation }, document, open)}</pre>
      ${operation.parameters.length === 0 ? null : parameterTable(operation)} ${requestTable(operation, document)}
      <h3>Answers</h3>
      ${answerTable(operation)}
    </div>
  </details> `
}

function curl({ method, path, operation }: Call, document: OpenApiDocument, isOpen: boolean): string {
  const url = `${document.servers[0]?.url ?? ''}${path.replaceAll(/\{(\w+)\}/g, '$$$1')}`
  const example = operation.requestBody?.content['application/json']?.example
  return [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"${url}"`,
    ...(isOpen ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...(example === undefined ? [] : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(example)}'`]),
  ].join(' \\\n  ')
}

function parameterTable(operation: Operation): Html {
  const rows = operation.parameters.map(
    (parameter) =>
      html`<tr>
        <td><code>${parameter.name}</code></td>
        <td>${parameter.in}${parameter.required ? ', required' : ''}</td>
        <td>${parameter.description}</td>
      </tr>`,
  )
  return html`<h3>Parameters</h3>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Where</th>
            <th>Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`
}

function requestTable(operation: Operation, document: OpenApiDocument): Html | null {
  const schema = operation.requestBody?.content['application/json']?.schema
  return schema
    ? html`<h3>Body</h3>
        ${fieldTable(resolve(schema, document))}`
    : null
}

function answerTable(operation: Operation): Html {
  const rows = Object.entries(operation.responses).map(
    ([status, response]) =>
      html`<tr>
        <td><code>${status}</code></td>
        <td>${inlineCode(response.description)}${answerSchema(response)}</td>
      </tr>`,
  )
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Status</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

function answerSchema(response: ResponseObject): Html | null {
  const ref = response.content?.['application/json']?.schema?.$ref
  return typeof ref === 'string' ? html` <a href="#schema-${refName(ref)}">${refName(ref)}</a>` : null
}

function inlineCode(text: string): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
}

function schemaSection(name: string, schema: JsonSchema): Html {
  return html`<details class="call" id="schema-${name}">
    <summary><span class="path">${name}</span></summary>
    <div class="inner">${fieldTable(schema)}</div>
  </details> `
}

function fieldTable(schema: JsonSchema): Html {
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const rows = Object.entries(asSchema(schema.properties)).map(([name, value]) => {
    const field = asSchema(value)
    const must = required.has(name) && field.default === undefined
    const rest = [
      typeof field.description === 'string' ? field.description : '',
      field.default === undefined ? '' : `${JSON.stringify(field.default)} if left out`,
    ]
    return html`<tr>
      <td><code>${name}</code>${must ? '' : ' ?'}</td>
      <td>${typeOf(field)}</td>
      <td>${rest.filter(Boolean).join('; ')}</td>
    </tr>`
  })
  if (rows.length === 0) return html`<p>${typeOf(schema)}</p>`
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Field</th>
          <th>Type</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

function typeOf(schema: JsonSchema): Html {
  if (typeof schema.$ref === 'string') return html`<a href="#schema-${refName(schema.$ref)}">${refName(schema.$ref)}</a>`
  if (Array.isArray(schema.enum)) return html`${schema.enum.map((value) => html`<code>${String(value)}</code> `)}`
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`
  if (schema.type === 'array') return html`list of ${typeOf(asSchema(schema.items))}`
  if (Array.isArray(schema.anyOf))
    return html`${schema.anyOf.map((part, index) => html`${index > 0 ? ' or ' : ''}${typeOf(asSchema(part))}`)}`
  const format = typeof schema.format === 'string' ? ` (${schema.format})` : ''
  const length = typeof schema.maxLength === 'number' ? `, up to ${schema.maxLength}` : ''
  return html`${typeof schema.type === 'string' ? schema.type : 'any'}${format}${length}`
}

function resolve(schema: JsonSchema, document: OpenApiDocument): JsonSchema {
  return typeof schema.$ref === 'string' ? (document.components.schemas[refName(schema.$ref)] ?? {}) : schema
}

function refName(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {}
}
