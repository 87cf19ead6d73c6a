export { createTemplate as default } from './template.mjs';
