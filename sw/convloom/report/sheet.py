"""Contact sheets: pictures in rows on a dark page, each with its caption."""

from PIL import Image, ImageDraw, ImageFont

PAPER, INK, FAINT = (13, 16, 23), (232, 236, 241), (140, 150, 165)
GAP, CAPTION, TITLE = 10, 18, 34


class Sheet:
    """A page of a width in pixels, filled from the top with rows of pictures."""

    def __init__(self, width, title="", note=""):
        self._page = Image.new("RGB", (width, 1 << 13), PAPER)
        self._draw = ImageDraw.Draw(self._page)
        self._bottom = GAP
        if title:
            self._write((GAP, self._bottom), title, INK, 19)
            self._write((width - GAP, self._bottom + 6), note, FAINT, 13, anchor="ra")
            self._bottom += TITLE

    def _write(self, place, text, colour, size, **options):
        self._draw.text(place, text, colour, font=ImageFont.load_default(size), **options)

    def heading(self, text):
        """A line above the rows that follow."""
        self._write((GAP, self._bottom), text, INK, 14)
        self._bottom += CAPTION + 4

    def row(self, pictures, captions=None, gap=GAP):
        """A row of pictures (uint8 [h, w, 3]) scaled alike until they fill the page's width."""
        room = self._page.width - 2 * GAP - gap * (len(pictures) - 1)
        height = room / sum(picture.shape[1] / picture.shape[0] for picture in pictures)
        left = float(GAP)
        for n, picture in enumerate(pictures):
            width = height * picture.shape[1] / picture.shape[0]
            size = round(left + width) - round(left), round(height)
            small = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
            self._page.paste(small, (round(left), self._bottom))
            if captions:
                self._write((round(left) + 1, self._bottom + round(height) + 2), captions[n], FAINT, 12)
            left += width + gap
        self._bottom += round(height) + gap + (CAPTION if captions else 0)

    def rows(self, pictures, captions, columns):
        """Rows of so many pictures."""
        for first in range(0, len(pictures), columns):
            part = slice(first, first + columns)
            self.row(pictures[part], captions and captions[part], GAP if captions else 3)

    def save(self, path, colours=None):
        """Writes the page as PNG, with a palette of so many colours if told."""
        page = self._page.crop((0, 0, self._page.width, self._bottom))
        if colours:
            # The palette's choice takes a second for a million pixels, so it is made from every ninth.
            palette = page.resize((page.width // 3, page.height // 3), Image.Resampling.NEAREST).quantize(
                colours, kmeans=1
            )
            page = page.quantize(palette=palette, dither=Image.Dither.NONE)
        page.save(path, optimize=colours is not None)
