// Pictures of a meeting's views for docs/images: desktop and phone, light and dark, English and Chinese, each pair once.
import { join, launch, people } from './browser.mjs';
import { Guest } from './hosting.mjs';

const words = {
  en: {
    people: ['Ann', 'Bob', 'Carla', 'Dmitri', 'Eve'],
    talk: ['Shall we begin?', 'The draft is at https://example.org/plan', 'Thank you!'],
    answer: 'Yes, please',
    poll: ['When do we meet again?', 'Tuesday', 'Thursday'],
    breakouts: 'Breakout rooms',
  },
  'zh-CN': {
    people: ['李雷', '韩梅梅', '王芳', '张伟', '刘洋'],
    talk: ['我们开始吧？', '方案在这里：https://example.org/plan', '谢谢！'],
    answer: '好的',
    poll: ['下次什么时候开会？', '星期二', '星期四'],
    breakouts: '分组讨论',
  },
};

/** `take(page, view)` keeps a picture under the view's name. */
export async function gallery(server, { form, theme, lang, take }) {
  const { people: names, talk, answer, poll, breakouts } = words[lang];
  const options = { ...form, colorScheme: theme };
  const room = `gallery-${theme}-${lang}`;
  const browsers = [await launch(), await launch()];
  const [own, knocking] = await people(browsers[0], 2, options);
  const others = await people(browsers[1], 3, { viewport: { width: 640, height: 480 } });
  const page = await own.newPage();
  await page.goto(`${server.url}/r/${room}?lang=${lang}&name=${encodeURIComponent(names[0])}&join=1`);
  await page.getByRole('toolbar').waitFor();
  for (const [index, context] of others.entries()) await join(context, server, room, names[index + 1]);
  const guest = await Guest.join(server, room, names[4]);
  await page.waitForTimeout(8_000);
  await take(page, 'grid');
  await page.keyboard.press('l');
  await page.waitForTimeout(3_000);
  await take(page, 'speaker');
  await page.keyboard.press('l');

  const say = (data) => guest.ask('chat', data);
  const { ok: { id } } = await say({ text: talk[0] });
  await say({ text: answer, replyTo: id });
  await say({ text: talk[1] });
  await say({ text: talk[2], to: guest.joined.participants[0].id });
  const asked = await guest.ask('poll', { question: poll[0], options: poll.slice(1), multiple: false, anonymous: false });
  await guest.ask('vote', { poll: asked.ok.id, options: [1] });
  await guest.ask('hand', { raised: true });
  await page.keyboard.press('c');
  await page.locator('.message-box textarea').waitFor();
  await page.waitForTimeout(1_500);
  await take(page, 'chat');
  await page.locator('.message-box textarea').fill('/waiting on');
  await page.locator('.message-box button[type=submit]').click();

  const outside = await knocking.newPage();
  await outside.goto(`${server.url}/r/${room}?lang=${lang}&name=${encodeURIComponent(names[0])}&join=1`);
  await outside.waitForTimeout(5_000);
  await take(outside, 'waiting');
  await page.locator('.message-box textarea').press('Escape');
  await page.locator('body').click({ position: { x: 2, y: 2 } });
  await page.keyboard.press('p');
  await page.waitForTimeout(1_500);
  await take(page, 'people');
  await page.keyboard.press('p');
  await page.keyboard.press('d');
  await page.waitForTimeout(4_000);
  await take(page, 'statistics');
  await page.keyboard.press('d');
  await page.getByRole('toolbar').getByRole('button').filter({ has: page.locator('.lucide-ellipsis-vertical') }).click();
  await page.getByRole('button', { name: breakouts }).click();
  await page.waitForTimeout(1_500);
  await take(page, 'breakouts');
  guest.close();
  for (const browser of browsers) await browser.close();
}
