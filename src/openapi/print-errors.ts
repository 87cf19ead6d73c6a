import { readFileSync, writeFileSync } from 'node:fs';
import { errorsMarkdown } from './errors-markdown.js';

// Writes docs/errors.md.
writeFileSync('docs/errors.md', errorsMarkdown(readFileSync('src/openapi/errors.template.md', 'utf8')));
