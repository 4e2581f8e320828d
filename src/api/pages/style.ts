// The one style sheet of our pages. Its hash is in their content policy.

export const style = `
:root{color-scheme:light dark;--ink:#16201d;--soft:#52605b;--line:#dfe5e2;--page:#f3f6f4;--card:#fff;--key:#135e4b;--key-ink:#fff;--key-deep:#0d4939;
--good:#0f6b4f;--good-wash:#e3f3ec;--warn:#8a4b08;--warn-wash:#fdf0dd;--bad:#a2251d;--bad-wash:#fdeae8;--code:#f0f4f2}
@media (prefers-color-scheme:dark){:root{--ink:#e9f0ed;--soft:#a3b1ac;--line:#2c3834;--page:#0f1614;--card:#18211e;--key:#4cc2a0;--key-ink:#06231a;--key-deep:#6ad6b6;
--good:#6ad6b6;--good-wash:#12332a;--warn:#f0b36b;--warn-wash:#3a2a14;--bad:#ff9d94;--bad-wash:#3d1d1a;--code:#121a17}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.frame{min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;align-items:center;gap:1.25rem;padding:max(1.25rem,6vh) 1rem 2rem}
.frame>main{width:100%;max-width:26rem}
.brand{display:flex;align-items:center;gap:.6rem;font-weight:650;letter-spacing:-.01em;max-width:100%;overflow-wrap:anywhere}
.brand svg{color:#135e4b;flex:none}.brand .gate{fill:#fff}
.card{background:var(--card);border:1px solid var(--line);border-radius:1rem;padding:2rem 1.5rem;text-align:center;box-shadow:0 1px 2px rgb(0 0 0/.04),0 12px 32px rgb(0 0 0/.06)}
.mark{width:3.75rem;height:3.75rem;margin:0 auto 1rem;border-radius:50%;display:grid;place-items:center;background:var(--code);color:var(--key)}
.mark.done{background:var(--good-wash);color:var(--good)}.mark.late{background:var(--warn-wash);color:var(--warn)}.mark.wrong{background:var(--bad-wash);color:var(--bad)}
h1{font-size:1.4rem;line-height:1.25;letter-spacing:-.015em;margin:0 0 .5rem;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0 0 1rem;color:var(--soft);text-wrap:pretty;overflow-wrap:anywhere}
p b{color:var(--ink);font-weight:600}
.card>p:last-child{margin-bottom:0}
form{margin:1.25rem 0 0}
button,.button{appearance:none;display:block;width:100%;min-height:3rem;padding:.75rem 1rem;border:0;border-radius:.65rem;background:var(--key);color:var(--key-ink);font:inherit;font-weight:600;cursor:pointer;text-align:center;text-decoration:none}
button:hover,.button:hover{background:var(--key-deep)}
:focus-visible{outline:3px solid var(--key);outline-offset:2px}
label{display:block;text-align:left;font-weight:600;margin:0 0 .35rem}
input[type=text],input[type=password]{width:100%;min-height:3rem;padding:.6rem .8rem;border:1px solid #7d8b86;border-radius:.65rem;background:transparent;color:inherit;font:inherit;margin:0 0 1rem}
input.digits{font:600 1.5rem/1.2 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.3em;text-align:center}
.fault{display:block;text-align:left;margin:0 0 1rem;padding:.6rem .8rem;border-radius:.65rem;background:var(--bad-wash);color:var(--bad);font-weight:500;overflow-wrap:anywhere}
.fine{font-size:.875rem;margin:1.25rem 0 0}
a{color:var(--key)}
textarea{width:100%;min-height:7rem;padding:.6rem .8rem;border:1px solid #7d8b86;border-radius:.65rem;background:transparent;color:inherit;font:inherit;margin:0 0 1rem;resize:vertical}
input[aria-invalid=true],textarea[aria-invalid=true]{border-color:var(--bad);border-width:2px}
button.quiet,.button.quiet{background:transparent;color:var(--key);border:1px solid var(--line);font-weight:500}
button.quiet:hover,.button.quiet:hover{background:var(--code)}
button.grave{background:var(--bad);color:var(--card)}
.hint{display:block;font-size:.9rem;color:var(--soft);margin:-.2rem 0 .5rem;text-align:left;overflow-wrap:anywhere}
.frame.reading>main{max-width:46rem;min-width:0}
.steps{display:flex;flex-wrap:wrap;justify-content:center;gap:.35rem 1.1rem;margin:0 0 1.1rem;padding:0;list-style:none;font-size:.875rem;color:var(--soft)}
.steps li{display:flex;align-items:center;gap:.4rem}
.steps i{font-style:normal;font-weight:600;display:grid;place-items:center;width:1.5rem;height:1.5rem;border-radius:50%;border:1px solid var(--line);background:var(--card);font-size:.8rem}
.steps [aria-current]{color:var(--ink);font-weight:600}.steps [aria-current] i{background:var(--key);border-color:var(--key);color:var(--key-ink)}
.steps .past i{background:var(--good-wash);border-color:var(--good-wash);color:var(--good)}
.reading .card{text-align:left;margin:0 0 1rem}.reading h2{font-size:1.1rem;line-height:1.3;margin:0 0 .6rem;overflow-wrap:anywhere}
.reading .card h2.gap{margin-top:1.4rem}.reading .card form:first-child{margin-top:0}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;margin:.9rem 0 0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
dl.facts code{font-size:.85em}
blockquote{margin:.3rem 0 0;padding:.1rem 0 .1rem .9rem;border-left:3px solid var(--line);white-space:pre-line;overflow-wrap:anywhere}
.people{margin:0;padding:0;list-style:none}
.people li{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;padding:.4rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}.people li:last-child{border:0}
.people span{color:var(--soft)}
.sheets{margin:1rem 0;padding:0;list-style:none}
.sheets li{margin:0 0 1rem}
.sheets img{display:block;width:100%;max-width:100%;height:auto;aspect-ratio:auto 210/297;background:#fff;color:#52605b;border:1px solid var(--line);border-radius:.4rem}
.sheets p{font-size:.8rem;text-align:center;margin:.3rem 0 0}
.terms p{color:var(--ink)}
.tick{display:flex;align-items:flex-start;gap:.75rem;margin:0 0 1rem;padding:.9rem 1rem;border:1px solid #7d8b86;border-radius:.65rem;font-weight:500}
.tick input{flex:none;width:1.35rem;height:1.35rem;margin:.1rem 0 0;accent-color:var(--key)}
.links{display:flex;flex-wrap:wrap;justify-content:center;gap:.5rem 1.5rem;margin:1.1rem 0 0;font-size:.95rem}
@media (max-width:30rem){dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin:0 0 .5rem}.people li{flex-direction:column}.card{padding:1.5rem 1.1rem}.steps li:not([aria-current]) span{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}}
.frame.wide{align-items:stretch;max-width:74rem;margin:0 auto;padding-top:1.5rem}.frame.wide>main{max-width:none}
.wide h1{font-size:1.9rem}.wide h2{font-size:1.25rem;margin:2.5rem 0 .75rem;letter-spacing:-.01em}.wide h3{font-size:1rem;margin:1.25rem 0 .4rem}
.lead{max-width:46rem}
nav.toc{display:flex;flex-wrap:wrap;gap:.4rem .5rem;margin:1rem 0 0;padding:0;list-style:none}
nav.toc a{display:inline-block;padding:.3rem .7rem;border:1px solid var(--line);border-radius:2rem;background:var(--card);text-decoration:none;font-size:.9rem}
details.call{background:var(--card);border:1px solid var(--line);border-radius:.8rem;margin:0 0 .6rem}
details.call>summary{cursor:pointer;display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem .75rem;padding:.8rem 1rem;list-style:none}
details.call>summary::-webkit-details-marker{display:none}
details.call>summary .path{overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92rem}
details.call>summary .what{color:var(--soft);margin-left:auto}
details.call>.inner{padding:.9rem 1rem 1.1rem;border-top:1px solid var(--line)}
.verb{font:700 .75rem/1 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;padding:.32rem .5rem;border-radius:.4rem;background:var(--good-wash);color:var(--good);min-width:3.4rem;text-align:center}
.verb.post,.verb.put,.verb.patch{background:var(--warn-wash);color:var(--warn)}.verb.delete{background:var(--bad-wash);color:var(--bad)}
pre{background:var(--code);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem;margin:.4rem 0 1rem;overflow-x:auto;font:.84rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--ink)}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;margin:0 0 .75rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:.82rem}
td:first-child{white-space:nowrap}
@media (max-width:40rem){details.call>summary .what{margin-left:0;width:100%}.wide h1{font-size:1.6rem}}
@media (prefers-reduced-motion:no-preference){button,.button{transition:background-color .12s}}
`
