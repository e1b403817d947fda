/** The style of a report: the board's colours, light and dark by the system, black on white on paper. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--bg:light-dark(#fafaf8,#121413);--surface:light-dark(#fff,#181b1a);--line:light-dark(#e4e4df,#2a2e2c);
--ink:light-dark(#1a1c1a,#e9ebe8);--ink-2:light-dark(#4b4e49,#b4b9b4);--ink-3:light-dark(#686b65,#939993);--accent:light-dark(#1d5bb8,#82b1ff);
--warn:light-dark(#8a5a00,#e3b653);--warn-weak:light-dark(#faf0d9,#33280f)}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:400 13px/1.5 Inter,"Helvetica Neue","Segoe UI",Arial,"Liberation Sans","PingFang SC","Noto Sans CJK SC",sans-serif;font-variant-numeric:tabular-nums}
header,main{max-width:1080px;margin:0 auto;padding:0 24px}
header{padding-top:32px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
header p{color:var(--ink-2);margin:0}
header .warn{color:var(--warn);background:var(--warn-weak);padding:6px 10px;border-radius:6px;margin-top:8px;display:inline-block}
h2{font-size:15px;margin:28px 0 6px;overflow-wrap:anywhere}
.note{color:var(--ink-3);font-size:12px;margin:0 0 8px;max-width:80ch}
ul{margin:0;padding-left:18px;max-width:90ch}
li{margin:3px 0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;background:var(--surface)}
table{border-collapse:collapse;width:100%}
th,td{padding:6px 10px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:12em}
tbody tr:last-child td{border-bottom:0}
th{color:var(--ink-3);font-weight:500;font-size:12px;white-space:normal;vertical-align:bottom}
.n{text-align:right}
svg{width:100%;max-width:860px;height:auto;background:var(--surface);border:1px solid var(--line);border-radius:8px}
svg text{fill:var(--ink-3);font-size:11px;font-family:inherit}
svg .name{fill:var(--ink)}
svg .grid{stroke:var(--line)}
svg .dot{fill:var(--accent)}
code{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
main{padding-bottom:48px}
@media (max-width:600px){header,main{padding-left:14px;padding-right:14px}td:first-child{min-width:9em}}
@media print{:root{color-scheme:light;--bg:#fff}body{font-size:10px}.scroll{overflow:visible}th,td{white-space:normal;padding:3px 5px}th,.note{font-size:9px}section{break-inside:avoid-page}header,main{max-width:none;padding-left:0;padding-right:0}}
`
