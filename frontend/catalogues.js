// Writes the texts of each bundle in each language: those of `translations/LANGUAGE/…/messages.po` that
// the bundle contains become `static/build/BUNDLE.LANGUAGE.js` (see frontend/i18n.js).

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { po } from "gettext-parser";

/** C and JavaScript write the rule for plurals alike: `(n != 1)`. */
const PLURAL_RULE = /plural=([n0-9\s()?:!=<>&|%]+)/;

/**
 * @typedef {import("gettext-parser").GetTextTranslations} Translations
 * @typedef {{ language: string, tag: string, rule: string, texts: Map<string, string[]> }} Language
 */

/**
 * Return the plugin of esbuild that writes the catalogues after every build.
 *
 * @param {string} folder with a folder for each language
 * @returns {import("esbuild").Plugin}
 */
export function catalogues(folder) {
  return {
    name: "catalogues",
    setup(build) {
      const { absWorkingDir = "." } = build.initialOptions;
      build.initialOptions.metafile = true;
      build.onEnd(({ metafile }) => {
        const bundles = Object.keys(metafile?.outputs ?? {}).filter((file) => file.endsWith(".js"));
        for (const language of readLanguages(folder)) {
          for (const bundle of bundles.map((file) => join(absWorkingDir, file))) {
            const code = readFileSync(bundle, "utf8");
            writeFileSync(bundle.replace(/js$/, `${language.language}.js`), render(language, code));
          }
        }
      });
    },
  };
}

/** @param {string} folder */
function readLanguages(folder) {
  const languages = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return languages.map(({ name }) => readLanguage(name, join(folder, name, "LC_MESSAGES", "messages.po")));
}

/**
 * @param {string} language
 * @param {string} file
 * @returns {Language}
 */
function readLanguage(language, file) {
  const { headers, translations } = po.parse(readFileSync(file));
  const [, rule = "n != 1"] = PLURAL_RULE.exec(headers["Plural-Forms"] ?? "") ?? [];
  const texts = Object.values(translations[""] ?? {}).filter(
    ({ msgid, msgstr, comments }) => msgid && msgstr.every(Boolean) && !comments?.flag?.includes("fuzzy"),
  );
  return {
    language,
    tag: language.replace("_", "-"),
    rule,
    texts: new Map(texts.map(({ msgid, msgstr }) => [msgid, msgstr])),
  };
}

/**
 * @param {Language} language
 * @param {string} code of the bundle
 */
function render({ tag, rule, texts }, code) {
  const plain = code.replaceAll("\\", "");
  const own = [...texts].filter(([msgid]) => plain.includes(msgid.replaceAll("\\", "")));
  const json = JSON.stringify(Object.fromEntries(own));
  return `{const c=globalThis.catalogue??={language:"${tag}",texts:{},form:n=>Number(${rule})};Object.assign(c.texts,${json})}\n`;
}
