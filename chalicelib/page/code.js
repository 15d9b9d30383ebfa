// The QR code to scan: sharp, on white in every theme, with the time that it has left, and never shown past that.

import { el, icon, replace, say, svg } from './dom.js';
import { number, t } from './words.js';

/** Pixels a side that a module has in the gateway's picture, which has a quiet zone of its own. */
const PIXELS = 6;
/** The least width of a code, in CSS pixels. */
const LEAST = 300;
/** WhatsApp hands out six codes at a time: the first is good for 60 seconds, the others for 20. */
const A_ROUND = 6;
const ROUND = 2 * Math.PI * 20;

/**
 * The code of `code`, a State of the gateway's answer about it (null while there is none); `now()` is the gateway's time.
 *
 * `waiting` is an element that stands in its place meanwhile, `name` the session's, which a downloaded file is called by.
 */
export const codePicture = (scope, { code, now, waiting, name }) => {
  const sheet = el('div.code-sheet', { dir: 'ltr' });
  const ring = countdown();
  const count = el('p.code-count');
  const stale = el('p.code-stale', { hidden: true }, t('code.stale'));
  const full = el('button.quiet', { type: 'button', onclick: () => fill() }, icon('full'), t('code.full'));
  const save = el('a.button.quiet', { download: `whatsapp-code-${name}.png` }, icon('down'), t('code.save'));
  const figure = el('figure.code', {},
    el('div.code-frame', {}, sheet, stale, waiting),
    el('figcaption.code-caption', {}, ring.root, count),
    el('button.icon-button.code-less', { type: 'button', 'aria-label': t('code.less'), onclick: () => shrink() }, icon('close')));
  const tools = el('div.code-tools', {}, full, save);
  let shown = null;
  let picture = null;

  const fit = () => {
    if (!picture) return;
    const filled = figure.classList.contains('filled') || document.fullscreenElement === figure;
    const room = filled ? Math.min(innerWidth, innerHeight - 120) : LEAST;
    // A whole number of the screen's own pixels for each module: no edge is blurred, however fine the screen is.
    const modules = picture.naturalWidth / PIXELS;
    const pixels = (room * devicePixelRatio) / modules;
    const whole = Math.max(1, filled ? Math.floor(pixels) : Math.ceil(pixels));
    picture.style.inlineSize = `${(modules * whole) / devicePixelRatio}px`;
  };

  const tick = () => {
    const left = shown ? Math.ceil((Date.parse(shown.expires_at) - now()) / 1000) : 0;
    const good = left > 0;
    figure.classList.toggle('outdated', !good);
    stale.hidden = !shown || good;
    if (!good) save.removeAttribute('href');
    ring.show(Math.max(0, left), shown?.attempt === 1 ? 60 : 20);
  };

  const draw = async (next) => {
    shown = next;
    const made = next && el('img', { alt: t('code.alt'), src: next.image });
    // The old picture stays, greyed, until the new one can be painted at once: nothing flickers.
    if (made) await made.decode();
    if (shown !== next || scope.ended) return;
    picture = made;
    figure.classList.toggle('none', !next);
    replace(sheet, made);
    fit();
    if (next) {
      save.href = next.image;
      const of = { number: number(next.attempt), total: number(A_ROUND) };
      say(count, next.attempt > A_ROUND ? t('code.later', of) : t('code.count', of));
    }
    tools.hidden = !next;
    tick();
  };

  const fill = async () => {
    // A phone's browser may know no full screen, or refuse it: then the page itself is filled.
    try { await figure.requestFullscreen(); } catch { figure.classList.add('filled'); }
    fit();
    figure.querySelector('.code-less').focus();
  };
  const shrink = () => {
    figure.classList.remove('filled');
    if (document.fullscreenElement) document.exitFullscreen();
    fit();
    full.focus();
  };

  scope.on(window, 'resize', fit);
  scope.on(document, 'fullscreenchange', fit);
  scope.on(figure, 'keydown', (event) => {
    if (event.key !== 'Escape' || !figure.classList.contains('filled')) return;
    event.preventDefault();
    event.stopPropagation();
    shrink();
  });
  scope.add(() => { if (document.fullscreenElement === figure) document.exitFullscreen(); });
  scope.every(250, tick);
  code.watch(scope, draw);
  return el('div.code-around', {}, figure, tools);
};

/** A ring that empties with the seconds that are left of a time. Returns `{root, show(left, of)}`. */
export const countdown = () => {
  const seconds = el('span');
  const arc = svg('circle', { class: 'ring-left', cx: 24, cy: 24, r: 20, 'stroke-dasharray': ROUND });
  const root = el('div.ring', { role: 'timer' },
    svg('svg', { viewBox: '0 0 48 48', 'aria-hidden': 'true' }, svg('circle', { class: 'ring-all', cx: 24, cy: 24, r: 20 }), arc),
    seconds);
  const show = (left, of) => {
    say(seconds, left < 100 ? number(left) : `${number(Math.floor(left / 60))}:${number(left % 60).padStart(2, number(0))}`);
    root.setAttribute('aria-label', t('code.left', { count: left }));
    arc.style.strokeDashoffset = String(ROUND * (1 - Math.min(1, left / of)));
  };
  return { root, show };
};
