// The licences of the packages in the bundle, which most of them require every copy to contain.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = /^(licen[cs]e|copying|notice)/i;

/**
 * The text of THIRD-PARTY-LICENSES.txt.
 *
 * @param {string[]} folders those of the packages, in `root`
 */
export function licencesOf(folders, root) {
  return folders.map((folder) => licenceOf(join(root, folder))).join(`\n${'-'.repeat(80)}\n\n`);
}

/** The folders of the packages from which the bundle contains something, also those inside other packages. */
export function packagesIn({ inputs }) {
  const folders = Object.keys(inputs).map((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

function licenceOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((file) => FILE.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  // Some packages have no such file. Their licence is the one that they name.
  const holder = typeof author === 'object' ? author.name : author;
  const text = texts.length > 0 ? texts.join('\n\n') : `Licence: ${license}${holder ? `. Author: ${holder}` : ''}`;
  return `${name} ${version}\n\n${text}\n`;
}
