// A page to try GraphQL in development: nothing is loaded from anywhere, and what runs is the one script below.
import { createHash } from 'node:crypto'
import type { Response } from 'express'
import { html, trusted } from '../pages/html.ts'

const style = `:root{color-scheme:light dark}*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-rows:auto 1fr;height:100vh}
header{display:flex;gap:.75rem;align-items:center;flex-wrap:wrap;padding:.6rem 1rem;border-bottom:1px solid #8884}h1{font-size:1rem;margin:0}
label{display:flex;gap:.4rem;align-items:center}input,select,button,textarea{font:inherit;padding:.35rem .6rem;border:1px solid #888;border-radius:.4rem}
input{width:22rem;max-width:50vw}button{background:#135e4b;color:#fff;border-color:#135e4b;font-weight:600;cursor:pointer}button:focus-visible{outline:3px solid #4cc2a0}
main{display:grid;grid-template-columns:1fr 1fr;gap:1rem;padding:1rem;min-height:0}section{display:flex;flex-direction:column;gap:.5rem;min-height:0}
textarea,pre{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;margin:0;flex:1;min-height:4rem;resize:none;overflow:auto;white-space:pre-wrap}
#variables{flex:0 0 6rem}pre{border:1px solid #8884;border-radius:.4rem;padding:.6rem}@media(max-width:50rem){main{grid-template-columns:1fr}}`

const script = `const $=id=>document.getElementById(id);const examples={
list:'query {\\n  pendingOperations(first: 10) {\\n    totalCount\\n    nodes { token operationType recipient status expiresIn }\\n    pageInfo { hasNextPage endCursor }\\n  }\\n}',
create:'mutation {\\n  createPendingOperation(input: { operationType: "registration", data: { name: "Ada" }, recipient: "ada@example.com" }) {\\n    token id expiresIn\\n  }\\n}',
follow:'subscription {\\n  pendingOperationChanged { token operationType status version }\\n}',
schema:'query {\\n  __schema { types { name description fields { name type { name kind ofType { name } } } } }\\n}'};
let running;$('examples').onchange=e=>{if(examples[e.target.value])$('query').value=examples[e.target.value]};$('query').value=examples.list;
async function run(){running?.abort();running=new AbortController();const out=$('result');out.textContent='…';
try{const query=$('query').value,stream=/^\\s*subscription\\b/m.test(query);
const answer=await fetch('/graphql',{method:'POST',signal:running.signal,headers:{'content-type':'application/json',accept:stream?'text/event-stream':'application/graphql-response+json, application/json',...($('token').value?{authorization:'Bearer '+$('token').value.trim()}:{})},
body:JSON.stringify({query,variables:$('variables').value.trim()?JSON.parse($('variables').value):undefined})});
if(stream&&answer.ok){out.textContent='';const reader=answer.body.pipeThrough(new TextDecoderStream()).getReader();for(;;){const{done,value}=await reader.read();if(done)break;out.textContent+=value}}
else{const text=await answer.text();try{out.textContent=JSON.stringify(JSON.parse(text),null,2)}catch{out.textContent=text}}}
catch(error){if(error.name!=='AbortError')out.textContent=String(error)}}
$('run').onclick=run;document.addEventListener('keydown',e=>{if((e.ctrlKey||e.metaKey)&&e.key==='Enter')run()});`

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const policy = `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** Sends the page. The credential is typed in and stays in the page. */
export function sendGraphqlPage(res: Response, brand: string): void {
  res.setHeader('Content-Security-Policy', policy)
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>GraphQL · ${brand}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <header>
          <h1>${brand} GraphQL</h1>
          <label>Credential <input id="token" type="password" autocomplete="off" placeholder="JWT (npm run token) or sk_…" /></label>
          <label
            >Example
            <select id="examples">
              <option value="list">list</option>
              <option value="create">create</option>
              <option value="follow">follow changes</option>
              <option value="schema">schema</option>
            </select></label
          >
          <button id="run" type="button">Run (Ctrl+Enter)</button>
        </header>
        <main>
          <section>
            <textarea id="query" aria-label="Query" spellcheck="false"></textarea>
            <textarea id="variables" aria-label="Variables as JSON" placeholder="Variables as JSON" spellcheck="false"></textarea>
          </section>
          <section><pre id="result" aria-live="polite">The answer appears here.</pre></section>
        </main>
        <script>
          ${trusted(script)}
        </script>
      </body>
    </html>`
  res.status(200).end(page.html)
}
