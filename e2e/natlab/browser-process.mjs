// One person's browser, driven from inside their namespace: Firefox is driven over a socket of its loopback.
// Takes orders from the process that started it, and ends with it.
import puppeteer from 'puppeteer-core';
import { watch } from './watch.mjs';

let browser, page;

const orders = {
  async launch(options) {
    browser = await puppeteer.launch(options);
    page = await browser.newPage();
    await page.evaluateOnNewDocument(watch);
  },
  open: (url) => page.goto(url).then(() => undefined),
  evaluate: (source) => page.evaluate(source),
  screenshot: (path) => page.screenshot({ path }).then(() => undefined),
  close: () => browser?.close(),
};

process.on('message', async ({ id, order, argument }) => {
  try {
    process.send({ id, result: await orders[order](argument) });
  } catch (error) {
    process.send({ id, error: `${error.message}` });
  }
});
process.on('disconnect', async () => {
  await browser?.close().catch(() => undefined);
  process.exit();
});
