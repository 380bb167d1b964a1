// Takes the pictures of docs/images (and, with ALL=1, of every view in every form into artifacts/) from
// real calls with fake cameras; GALLERY=1 takes those of a meeting of five only.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { control, join, launch, people, seesVideo } from './lib/browser.mjs';
import { gallery } from './lib/gallery.mjs';
import { tcpOnly } from './lib/proxy.mjs';
import { Server } from './lib/server.mjs';

const all = Boolean(process.env.ALL);
const folder = fileURLToPath(new URL(all ? './artifacts/' : '../docs/images/', import.meta.url));
const wanted = ['meeting-desktop-light-en', 'meeting-desktop-dark-zh-CN', 'meeting-phone-dark-en',
  'landing-desktop-dark-en', 'landing-desktop-light-zh-CN', 'prejoin-desktop-light-zh-CN', 'prejoin-phone-light-en',
  'screen-desktop-light-en', 'test-blocked-desktop-light-en'];
const forms = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};
mkdirSync(folder, { recursive: true });

const server = await Server.start();
for (const [form, theme, lang] of [['desktop', 'light', 'en'], ['desktop', 'dark', 'zh-CN'], ['phone', 'light', 'zh-CN'],
  ['phone', 'dark', 'en']]) {
  const take = (page, view) => page.screenshot({ path: `${folder}${view}-${form}-${theme}-${lang}.png` });
  await gallery(server, { form: forms[form], theme, lang, take });
}
if (process.env.GALLERY) {
  await server.stop();
  process.exit();
}
const browser = await launch();
for (const [form, options] of Object.entries(forms)) {
  for (const theme of ['light', 'dark']) {
    for (const lang of ['en', 'zh-CN']) await views(form, options, theme, lang);
  }
}
await connectionTest('good', server.url);
const firewall = await tcpOnly(server.port);
await connectionTest('blocked', firewall.url);
firewall.stop();
await browser.close();
await server.stop();

/** One test, seen in every form: the server grants a few a minute only. */
async function connectionTest(outcome, url) {
  const [ann] = await people(browser, 1);
  const page = await ann.newPage();
  await page.goto(`${url}/test?lang=en`);
  await page.getByRole('button', { name: 'Test again' }).waitFor({ timeout: 30_000 });
  for (const [form, { viewport }] of Object.entries(forms)) {
    await page.setViewportSize(viewport);
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme });
      for (const lang of ['en', 'zh-CN']) {
        await page.getByRole('combobox').selectOption(lang);
        const name = `test-${outcome}-${form}-${theme}-${lang}`;
        if (!all && !wanted.includes(name)) continue;
        await page.waitForTimeout(400);
        await page.screenshot({ path: `${folder}${name}.png`, fullPage: true });
      }
    }
  }
  await ann.close();
}

async function views(form, options, theme, lang) {
  const [ann] = await people(browser, 1, { ...options, colorScheme: theme });
  const [bob] = await people(browser, 1);
  const names = lang === 'en' ? ['Ann', 'Bob'] : ['李雷', '韩梅梅'];
  const room = lang === 'en' ? `team-${form}-${theme}` : `周会-${form}-${theme}`;
  const page = await ann.newPage();
  const take = async (view) => {
    const name = `${view}-${form}-${theme}-${lang}`;
    if (!all && !wanted.includes(name)) return;
    await page.waitForTimeout(600);
    await page.screenshot({ path: `${folder}${name}.png` });
  };
  await page.goto(`${server.url}/?lang=${lang}`);
  await page.locator('input').first().waitFor();
  await take('landing');
  await page.goto(`${server.url}/r/${room}?lang=${lang}&name=${names[0]}`);
  await page.locator('video').first().waitFor();
  await page.waitForTimeout(1_500);
  await take('prejoin');
  await page.goto(`${server.url}/r/${room}?lang=${lang}&name=${names[0]}&join=1`);
  await page.getByRole('toolbar').waitFor();
  await take('alone');
  const other = await join(bob, server, room, names[1]);
  await seesVideo(page, names[1]);
  await page.waitForTimeout(2_500);
  await take('meeting');
  await control(other, 'Chat').click();
  for (const text of lang === 'en'
    ? ['Hi! Can you hear me?', 'The agenda: https://example.org/agenda', 'Let us begin 🎉']
    : ['你好！听得到吗？', '议程：https://example.org/agenda', '我们开始吧 🎉']) {
    await other.getByRole('textbox', { name: 'Message' }).fill(text);
    await other.getByRole('textbox', { name: 'Message' }).press('Enter');
  }
  await page.keyboard.press('c');
  await page.getByRole('log').waitFor();
  await take('chat');
  await page.keyboard.press('Escape');
  await control(other, 'Share screen').click();
  await page.waitForTimeout(2_000);
  await take('screen');
  if (all) {
    await control(other, 'Camera').click();
    await control(other, 'Share screen').click();
    await control(other, 'Microphone').click();
    await page.waitForTimeout(800);
    await take('avatar');
  }
  await ann.close();
  await bob.close();
}
