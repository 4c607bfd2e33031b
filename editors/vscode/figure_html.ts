/** Returns the page of a figure. It runs one script and loads nothing else. @param source the origin of files that the editor serves */
export function figureHtml(page: {
  readonly script: string
  readonly style: string
  readonly nonce: string
  readonly source: string
}): string {
  const { script, style, nonce, source } = page
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${source}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width">
<title>Figure</title>
<link rel="stylesheet" href="${attribute(style)}">
</head>
<body>
<div id="tools" role="toolbar" aria-label="Size">
  <button id="reduce" aria-label="Smaller" title="Smaller">&minus;</button>
  <button id="enlarge" aria-label="Larger" title="Larger">+</button>
  <button id="fit">Fit</button>
  <span id="state" role="status"></span>
</div>
<main id="figure" tabindex="-1"></main>
<script nonce="${attribute(nonce)}" src="${attribute(script)}"></script>
</body>
</html>
`
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
