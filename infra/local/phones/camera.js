// A virtual phone's camera: a picture of the code that the page shows, as it shows it.

/** CSS pixels below which nothing is taken for a code. */
const LEAST = 120;
/** White around the picture, in its own pixels: who cuts a code out of a screen takes some of what is around it. */
const MARGIN = 24;

/** A PNG of the code on the screen, as a `data:` address; null if none shows. */
export const photograph = () => {
  const dialogs = document.querySelectorAll('dialog[open]');
  const within = dialogs[dialogs.length - 1] || document.body;
  const shown = [...within.querySelectorAll('img, canvas')].filter(looksLikeACode);
  const [largest] = shown.sort((one, other) => other.getBoundingClientRect().width - one.getBoundingClientRect().width);
  return largest ? taken(largest) : null;
};

const looksLikeACode = (picture) => {
  if (picture.closest('.handset') || (picture instanceof HTMLImageElement && !picture.naturalWidth)) return false;
  const { width, height } = picture.getBoundingClientRect();
  return width >= LEAST && Math.abs(width - height) < width / 20 && seen(picture);
};

// An outdated code is greyed out: no camera reads that.
const seen = (element) => {
  let opacity = 1;
  for (let one = element; one; one = one.parentElement) {
    const style = getComputedStyle(one);
    if (style.visibility === 'hidden' || style.display === 'none') return false;
    opacity *= Number(style.opacity);
  }
  return opacity > 0.5;
};

const taken = (picture) => {
  const { width, height } = picture.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * devicePixelRatio) + 2 * MARGIN;
  canvas.height = Math.round(height * devicePixelRatio) + 2 * MARGIN;
  const paper = canvas.getContext('2d');
  paper.fillStyle = '#fff';
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.imageSmoothingEnabled = false;
  paper.drawImage(picture, MARGIN, MARGIN, canvas.width - 2 * MARGIN, canvas.height - 2 * MARGIN);
  return canvas.toDataURL('image/png');
};
