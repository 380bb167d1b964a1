// What people say and show beside the call: answers, private messages, polls, hands and reactions.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { control, join, launch, noErrors, people, tile } from '../lib/browser.mjs';
import { crowd, guest, tasksOf, watchTasks } from '../lib/guests.mjs';
import { Server, until } from '../lib/server.mjs';

/** What must not last longer, whatever comes: nobody takes that for frozen, on a machine that does other things as well. */
const FROZEN_MS = 3_000;
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const log = (page) => page.getByRole('log', { name: 'Chat messages' });
const row = (page, text) => log(page).locator('.chat-row').filter({ hasText: text }).last();
const box = (page) => page.getByRole('textbox', { name: 'Message' });
const pressed = (page, name) => control(page, name).getAttribute('aria-pressed');

async function openChat(page) {
  if (!(await log(page).isVisible())) await control(page, 'Chat').click();
  await log(page).waitFor();
}

async function write(page, text) {
  await box(page).fill(text);
  await box(page).press('Enter');
  await log(page).getByText(text).last().waitFor();
}

/** Goes away, which another sees, and comes back in the same tab, as the same participant. */
async function comeBack(page, room, name, other) {
  await page.goto('about:blank');
  await tile(other, name).getByText('Reconnecting…').waitFor();
  await page.goto(`${new URL(page.meeting).origin}/r/${room}?lang=en&name=${name}&join=1&mic=0&cam=0`);
  await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
  await openChat(page);
}

async function act(page, text, action) {
  await row(page, text).hover();
  await row(page, text).getByRole('button', { name: /^Actions for/ }).click();
  await page.getByRole('dialog', { name: 'Message actions' }).getByRole('button', { name: action, exact: true }).click();
}

async function ask(page, question, options, settings = []) {
  await page.getByRole('button', { name: 'Create a poll' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create a poll' });
  await dialog.getByRole('textbox', { name: 'Question' }).fill(question);
  for (const [index, option] of options.entries()) {
    const field = dialog.getByRole('textbox', { name: `Option ${index + 1}`, exact: true });
    if (!(await field.isVisible())) await dialog.getByRole('button', { name: 'Add option' }).click();
    await field.fill(option);
  }
  for (const name of settings) await dialog.getByRole('switch', { name }).check();
  await dialog.getByRole('button', { name: 'Ask everyone' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** No violation that axe calls serious or critical. */
async function accessible(page, view) {
  await page.waitForTimeout(400); // animations end: axe reads colours as they are drawn
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0].html.slice(0, 160)}`), []);
}

describe('together', () => {
  let server;
  const browsers = [];
  const guests = [];
  before(async () => {
    server = await Server.start();
    for (let number = 0; number < 3; number += 1) browsers.push(await launch());
  });
  afterEach(async () => {
    for (const one of guests.splice(0)) one.leave();
    for (const context of browsers.flatMap((browser) => browser.contexts())) await context.close();
  });
  after(async () => {
    for (const browser of browsers) await browser.close();
    await server?.stop();
  });

  /** Each in a browser of their own, in the room, without devices, the chat open. */
  async function meet(room, names, options = {}) {
    const pages = [];
    for (const [index, name] of names.entries()) {
      const [context] = await people(browsers[index], 1, options);
      pages.push(await join(context, server, room, name, '&mic=0&cam=0'));
      pages[index].meeting = pages[index].url();
      if (!options.isMobile) await openChat(pages[index]);
    }
    return pages;
  }

  it('answers a line, shows what is answered, and edits and deletes', async () => {
    const [ann, bob, cy] = await meet('answers', ['Ann', 'Bob', 'Cy']);
    await write(ann, 'lunch at noon?');
    await log(bob).getByText('lunch at noon?').waitFor();
    await act(bob, 'lunch at noon?', 'Reply');
    await write(bob, 'I am in');
    const quote = row(cy, 'I am in').locator('.chat-quote');
    assert.match(await quote.textContent(), /Ann.*lunch at noon\?/);
    await quote.click();
    await until('the line that was answered has the focus', () =>
      cy.evaluate(() => document.activeElement?.textContent?.includes('lunch at noon?') && !document.activeElement.querySelector('.chat-quote')));

    // Arrow up in the empty box edits one's last message.
    await box(ann).press('ArrowUp');
    assert.equal(await box(ann).inputValue(), 'lunch at noon?');
    await box(ann).fill('lunch at one?');
    await box(ann).press('Enter');
    for (const page of [ann, bob, cy]) {
      await log(page).getByText('lunch at one?').last().waitFor();
      assert.match(await row(page, 'lunch at one?').textContent(), /\(edited\)|Ann|You/);
      await log(page).getByText('(edited)').waitFor();
      // Also where it is quoted.
      await until('the quote is edited', async () => /lunch at one\?/.test(await row(page, 'I am in').locator('.chat-quote').textContent()));
    }
    // Escape gives an edit up and leaves the panel open.
    await box(ann).press('ArrowUp');
    await box(ann).fill('never mind');
    await box(ann).press('Escape');
    assert.equal(await box(ann).inputValue(), '');
    assert.ok(await log(ann).isVisible());

    // Others may not; oneself may, and so may the host (Ann came first).
    await row(cy, 'I am in').hover();
    await row(cy, 'I am in').getByRole('button', { name: /^Actions for/ }).click();
    const offered = await cy.getByRole('dialog', { name: 'Message actions' }).getByRole('button').allTextContents();
    assert.deepEqual(offered, ['Reply', 'Reply privately', 'Copy text']);
    await cy.keyboard.press('Escape');
    await act(ann, 'I am in', 'Delete');
    await ann.getByRole('dialog', { name: 'Delete this message?' }).getByRole('button', { name: 'Delete' }).click();
    for (const page of [ann, bob, cy]) await log(page).getByText('Message deleted').waitFor();
    assert.equal(await log(cy).getByText('I am in').count(), 0);

    // Markup is text.
    await write(bob, '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>');
    await log(cy).getByText('<img src=x').waitFor();
    assert.deepEqual(await cy.evaluate(() => [window.hacked, document.querySelectorAll('.chat-log img, .chat-log script').length]), [undefined, 0]);
    for (const page of [ann, bob, cy]) noErrors(page.context());
  });

  it('tells one person what nobody else gets, not in the page and not after a reload', async () => {
    const [ann, bob, cy] = await meet('private', ['Ann', 'Bob', 'Cy']);
    await control(bob, 'Chat').click();
    await ann.getByRole('combobox', { name: 'To:' }).selectOption({ label: 'Bob (private)' });
    await write(ann, 'between us');
    assert.match(await row(ann, 'between us').textContent(), /Only to Bob/);
    await bob.getByText('Private message from Ann').waitFor();
    await until('the unread message stands out', () => bob.locator('.control-badge.personal').isVisible());
    await openChat(bob);
    assert.match(await row(bob, 'between us').textContent(), /Only to you/);
    await act(bob, 'between us', 'Reply');
    const to = bob.getByRole('combobox', { name: 'To:' });
    assert.equal(await to.evaluate((select) => select.selectedOptions[0].label), 'Ann (private)');
    assert.ok(await to.isDisabled(), 'the answer cannot be made public');
    await write(bob, 'my lips are sealed');
    await log(ann).getByText('my lips are sealed').waitFor();
    await ann.getByRole('combobox', { name: 'To:' }).selectOption({ label: 'Everyone' });
    await write(ann, 'for all to read');
    await log(cy).getByText('for all to read').waitFor();
    const secret = /between us|my lips/;
    assert.doesNotMatch(await cy.content(), secret);
    await cy.reload();
    await cy.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    await openChat(cy);
    await log(cy).getByText('for all to read').waitFor();
    assert.doesNotMatch(await cy.content(), secret);
    await comeBack(bob, 'private', 'Bob', ann);
    await log(bob).getByText('between us').last().waitFor();

    // Nobody reads what was for one who has left.
    await ann.getByRole('combobox', { name: 'To:' }).selectOption({ label: 'Cy (private)' });
    await control(cy, 'Leave').click();
    await ann.getByText('Cy has left. Choose who should read this.').waitFor();
    await box(ann).fill('too late');
    assert.ok(await ann.getByRole('button', { name: 'Send', exact: true }).isDisabled());
  });

  it('polls: bars that live, names or none, another vote, none, and the end', async () => {
    const [ann, bob, cy] = await meet('polls', ['Ann', 'Bob', 'Cy']);
    await ask(ann, 'Tea or coffee?', ['Tea', 'Coffee', 'Water']);
    const poll = (page) => log(page).getByRole('radiogroup', { name: 'Tea or coffee?' });
    const count = (page, index) => poll(page).locator('.poll-count').nth(index).textContent();
    const vote = async (page, option, button = 'Vote') => {
      await poll(page).getByRole('radio', { name: option }).check();
      await page.getByRole('button', { name: button, exact: true }).click();
    };
    await vote(bob, 'Tea');
    await until('Cy sees Bob\'s vote', async () => /1 · 100%/.test(await count(cy, 0)));
    await vote(cy, 'Coffee');
    await until('Ann sees both', async () => /1 · 50%/.test(await count(ann, 0)) && /1 · 50%/.test(await count(ann, 1)));
    assert.equal(await log(ann).locator('.poll-bar i').first().evaluate((bar) => bar.style.transform), 'scaleX(0.5)');
    await ann.getByRole('button', { name: 'Who has voted?' }).click();
    assert.deepEqual(await log(ann).locator('.poll-names').allTextContents(), ['Bob', 'Cy']);
    await vote(cy, 'Tea', 'Change vote');
    await until('Ann sees the change', async () => /2 · 100%/.test(await count(ann, 0)));
    await bob.getByRole('button', { name: 'Take vote back' }).click();
    await until('Ann sees one vote', async () => /1 · 100%/.test(await count(ann, 0)));
    assert.equal(await bob.getByRole('button', { name: 'Close poll' }).count(), 0, 'nor Bob\'s nor is he the host');
    await ann.getByRole('button', { name: 'Close poll' }).click();
    await log(cy).getByText('Poll, closed').waitFor();
    assert.equal(await log(cy).getByRole('radio').count(), 0);

    await ask(bob, 'Are you happy?', ['Yes', 'No', 'At times'], ['Several answers', 'Anonymous']);
    const happy = log(cy).getByRole('group', { name: 'Are you happy?' });
    await happy.getByRole('checkbox', { name: 'Yes' }).check();
    await happy.getByRole('checkbox', { name: 'At times' }).check();
    await cy.getByRole('button', { name: 'Vote', exact: true }).click();
    const counts = async () => (await log(bob).locator('.poll').last().locator('.poll-count').allTextContents())
      .map((words) => /\d+%/.exec(words)[0]).join();
    await until('both answers count', async () => (await counts()) === '100%,0%,100%');
    assert.equal(await log(bob).locator('.poll').last().getByRole('button', { name: 'Who has voted?' }).count(), 0);
    await comeBack(cy, 'polls', 'Cy', ann);
    await until('one\'s votes are known to who comes back', async () =>
      (await happy.getByRole('checkbox', { name: 'Yes' }).isChecked()) && (await happy.getByRole('checkbox', { name: 'At times' }).isChecked()));
  });

  it('refuses a poll of 100 options in words, in the page and on the wire', async () => {
    const [ann] = await meet('options', ['Ann']);
    await ann.getByRole('button', { name: 'Create a poll' }).click();
    const dialog = ann.getByRole('dialog', { name: 'Create a poll' });
    await dialog.getByRole('textbox', { name: 'Question' }).fill('Which?');
    await dialog.getByRole('textbox', { name: 'Option 1', exact: true }).evaluate((field) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', Array.from({ length: 100 }, (_, index) => `option ${index + 1}`).join('\n'));
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    });
    await dialog.getByText('These are 100 options; at most 20 are allowed.').waitFor();
    await dialog.getByRole('button', { name: 'Ask everyone' }).click();
    assert.ok(await dialog.isVisible());
    guests.push(await guest(server, 'options', 'Guest'));
    const options = Array.from({ length: 100 }, (_, index) => `${index}`);
    const { error } = await guests[0].ask('poll', { question: '?', options, multiple: false, anonymous: false });
    assert.equal(error.code, 'bad-request');
    assert.match(error.message, /100/);
  });

  it('raises hands in their order, on every page alike, and says so', async () => {
    const [ann, bob] = await meet('hands', ['Ann', 'Bob', 'Cy']);
    await control(bob, 'Raise hand').click();
    await ann.getByText('Bob raised a hand').waitFor();
    assert.equal(await pressed(bob, 'Raise hand'), 'true');
    await log(ann).focus();
    await ann.keyboard.press('h');
    await until('Ann\'s hand is up', async () => (await pressed(ann, 'Raise hand')) === 'true');
    for (const [page, names] of [[ann, ['Bob', 'Ann (you)']], [bob, ['Bob (you)', 'Ann']]]) {
      for (const [index, name] of names.entries()) await tile(page, name).getByLabel(`Hand raised, number ${index + 1}`).waitFor();
    }
    await control(bob, 'Raise hand').click();
    await tile(bob, 'Ann').getByLabel('Hand raised, number 1').waitFor();
    assert.equal(await tile(ann, 'Bob').locator('.tile-hand').count(), 0);
  });

  it('shows reactions to the others, over the tile of whoever shows them', async () => {
    const [ann, bob, cy] = await meet('reactions', ['Ann', 'Bob', 'Cy']);
    await control(ann, 'React').click();
    await ann.getByRole('button', { name: 'Applause' }).click();
    for (const page of [ann, bob, cy]) await page.locator('.reaction-float', { hasText: '👏' }).waitFor();
    await cy.getByRole('status').getByText('Ann: Applause').waitFor({ state: 'attached' });
    const [sign, place] = [await bob.locator('.reaction-float').first().boundingBox(), await tile(bob, 'Ann').boundingBox()];
    if (sign) assert.ok(sign.x >= place.x - 20 && sign.x <= place.x + place.width, 'it rises from Ann\'s tile');
    await bob.locator('.reaction-float').waitFor({ state: 'detached' });
  });

  it('goes on while 2,000 messages come, and draws no more than it needs', async () => {
    const [ann] = await meet('flood', ['Ann']);
    guests.push(...(await crowd(server, 'flood', 11)));
    await watchTasks(ann);
    const errors = new Map();
    let taken = 0;
    const begun = performance.now();
    // A connection that goes on long after it was told to slow down is cut: these stop before that.
    const say = async (one, text) => {
      const { error } = await one.ask('chat', { text });
      if (error) errors.set(error.code, (errors.get(error.code) ?? 0) + 1);
      else taken += 1;
    };
    // In waves: who does not read as fast as all write is cut as well.
    const wave = (one, from, length) => Promise.all(
      Array.from({ length }, (_, index) => say(one, `${one.name} says ${from + index} https://kaigi.example/${from + index}`)),
    );
    for (let from = 0; from < 190; from += 19) await Promise.all(guests.map((one) => wave(one, from, 19)));
    await wave(guests[0], 190, 80);
    assert.ok(taken >= 2_000, `${taken} messages were taken`);
    assert.ok((errors.get('rate-limited') ?? 0) > 0, 'too fast is refused');
    await until('one may write again', async () => !(await guests[0].ask('chat', { text: 'the last word' })).error);
    await log(ann).getByText('the last word').waitFor();
    const { late, words } = await tasksOf(ann);
    console.log(`${taken} messages in ${(performance.now() - begun).toFixed(0)} ms, refused ${JSON.stringify(Object.fromEntries(errors))}: ${words}`);
    const drawn = await log(ann).locator('[data-line]').count();
    assert.ok(drawn <= 200, `${drawn} lines are drawn`);
    assert.ok(late < FROZEN_MS, `the page was busy for ${late} ms`);

    // Further up is what was before, and the end is one click away.
    const first = () => log(ann).locator('[data-line]').first().getAttribute('data-line').then(Number);
    const before = await first();
    await log(ann).hover();
    await until('older lines are drawn', async () => {
      await ann.mouse.wheel(0, -4_000);
      return (await first()) < before;
    });
    assert.ok((await log(ann).locator('[data-line]').count()) <= 200);
    assert.ok(!(await log(ann).getByText('the last word').isVisible()) || (await first()) < before);
    await ann.getByRole('button', { name: /New messages|newest/ }).click();
    await log(ann).getByText('the last word').waitFor();
    await write(ann, 'still here');
  });

  it('goes on while all of 200 people raise their hands and applaud', async () => {
    const [ann] = await meet('two-hundred', ['Ann']);
    const begun = performance.now();
    guests.push(...(await crowd(server, 'two-hundred', 199)));
    console.log(`199 came within ${(performance.now() - begun).toFixed(0)} ms`);
    await until('all are there', async () => (await server.metric('kaigi_participants')) >= 200);
    await watchTasks(ann);
    await Promise.all(guests.map((one) => one.ask('hand', { raised: true })));
    await until('all hands are up', () => ann.evaluate(() => document.querySelectorAll('.tile-hand').length >= 199));
    await ann.getByText(/and \d+ others raised a hand/).waitFor();
    console.log(`200 hands: ${(await tasksOf(ann)).words}`);
    let most = 0;
    const applause = Promise.all(guests.map((one) => one.ask('react', { reaction: 'clap' })));
    for (let look = 0; look < 20; look += 1) most = Math.max(most, await ann.locator('.reaction-float').count());
    await applause;
    assert.ok(most > 0 && most <= 12, `${most} reactions at once`);
    const { late, words } = await tasksOf(ann);
    console.log(`200 hands and 200 reactions, at most ${most} drawn: ${words}`);
    assert.ok(late < FROZEN_MS, `the page was busy for ${late} ms`);
    await ann.keyboard.press('Escape');
    await control(ann, 'Raise hand').click();
    await tile(ann, 'Ann (you)').getByLabel('Hand raised, number 200').waitFor();
  });

  it('is operable by keyboard alone', async () => {
    const [ann, bob] = await meet('keys', ['Ann', 'Bob']);
    await write(ann, 'first');
    await write(ann, 'second');
    await log(bob).getByText('second').waitFor();
    await box(bob).focus();
    const focused = () => bob.evaluate(() => document.activeElement?.className ?? '');
    await until('the line\'s menu is reached', async () => {
      await bob.keyboard.press('Shift+Tab');
      return (await focused()).includes('line-more');
    });
    await bob.keyboard.press('ArrowUp');
    await bob.keyboard.press('Enter');
    const menu = bob.getByRole('dialog', { name: 'Message actions' });
    await menu.waitFor();
    await until('the menu has the focus', async () => (await focused()).includes('menu-item'));
    await bob.keyboard.press('ArrowDown');
    await bob.keyboard.press('Enter');
    await bob.getByText('Reply to Ann').waitFor();
    await bob.keyboard.type('by keyboard');
    await bob.keyboard.press('Enter');
    await log(ann).getByText('by keyboard').waitFor();
    assert.match(await row(ann, 'by keyboard').textContent(), /Only to you.*first/);

    // A poll: asked, voted, without a pointer.
    await bob.getByRole('button', { name: 'Create a poll' }).focus();
    await bob.keyboard.press('Enter');
    await bob.getByRole('dialog', { name: 'Create a poll' }).waitFor();
    await bob.getByRole('textbox', { name: 'Question' }).focus();
    for (const text of ['Which way?', 'Left', 'Right']) {
      await bob.keyboard.type(text);
      await bob.keyboard.press('Tab');
      // Past the button that removes an option.
      if (text === 'Left') await until('the next option', async () => {
        if (await bob.evaluate(() => document.activeElement?.getAttribute('aria-label') === 'Option 2')) return true;
        await bob.keyboard.press('Tab');
        return false;
      });
    }
    await bob.getByRole('button', { name: 'Ask everyone' }).focus();
    await bob.keyboard.press('Enter');
    await log(ann).getByRole('radio', { name: 'Left' }).focus();
    await ann.keyboard.press('ArrowDown');
    await ann.keyboard.press('Tab');
    await until('the button to vote', async () => {
      if (await ann.evaluate(() => document.activeElement?.textContent === 'Vote')) return true;
      await ann.keyboard.press('Tab');
      return false;
    });
    await ann.keyboard.press('Enter');
    await until('Right has the vote', async () => /1 · 100%/.test(await log(bob).locator('.poll-count').nth(1).textContent()));
  });

  for (const [colorScheme, lang] of [['light', 'en'], ['dark', 'zh-CN']]) {
    it(`has no serious accessibility violation (${colorScheme}, ${lang})`, async () => {
      const [bob] = await meet(`axe-${lang}`, ['Bob']);
      const [context] = await people(browsers[1], 1, { colorScheme });
      const ann = await context.newPage();
      await ann.goto(`${server.url}/r/axe-${lang}?lang=${lang}&name=Ann&join=1&mic=0&cam=0`);
      await ann.getByRole('toolbar').waitFor();
      await write(bob, 'hello');
      await ask(bob, 'Tea or coffee?', ['Tea', 'Coffee']);
      await act(bob, 'hello', 'Reply');
      await write(bob, 'an answer');
      await bob.getByRole('combobox', { name: 'To:' }).selectOption({ label: 'Ann (private)' });
      await write(bob, 'for you');
      await control(bob, 'Raise hand').click();
      await ann.keyboard.press('c');
      await ann.getByRole('log').getByText('for you').waitFor();
      await ann.locator('.tile-hand').waitFor();
      await accessible(ann, 'the chat');
      await ann.locator('.line-more').last().focus();
      await ann.keyboard.press('Enter');
      await ann.locator('.line-menu').waitFor();
      await accessible(ann, 'the menu of a line');
      await ann.keyboard.press('Escape');
      await ann.locator('.compose-tools button').click();
      await ann.locator('.poll-new').waitFor();
      await accessible(ann, 'the poll\'s dialog');
    });
  }

  it('has hands and reactions in the menu of a phone', async () => {
    const [ann] = await meet('phone', ['Ann'], phone);
    guests.push(await guest(server, 'phone', 'Bob'));
    await control(ann, 'More').tap();
    await ann.getByRole('button', { name: 'Raise hand' }).tap();
    await tile(ann, 'Ann (you)').getByLabel('Hand raised, number 1').waitFor();
    await control(ann, 'More').tap();
    await ann.getByRole('button', { name: 'Lower hand' }).waitFor();
    await ann.getByRole('button', { name: 'Heart' }).tap();
    await ann.locator('.reaction-float').waitFor();
    await guests[0].ask('chat', { text: 'tap me' });
    await control(ann, 'Chat').tap();
    await row(ann, 'tap me').getByRole('button', { name: /^Actions for/ }).tap();
    await ann.getByRole('button', { name: 'Reply privately' }).tap();
    await box(ann).fill('by touch');
    await ann.getByRole('button', { name: 'Send', exact: true }).tap();
    await row(ann, 'by touch').getByText('Only to Bob').waitFor();
    assert.equal(await ann.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  });
});
