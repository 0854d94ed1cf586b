//! The texts that were read, by number, with the arithmetic from bytes to lines and columns.

use super::{Location, Span};

/// The number of a source in its [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A place as editors show it; both numbers start at 1 and the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// 1-based line.
    pub line: usize,
    /// 1-based column in characters.
    pub column: usize,
}

/// One text and its name.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Byte offset of each line's first character.
    line_starts: Vec<usize>,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            name,
            text,
            line_starts,
        }
    }

    /// The path as the user gave it, or `<stdin>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text without its byte-order mark; line ends as they were.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The 0-based line that holds the byte `offset`.
    pub fn line_index(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) - 1
    }

    /// The bytes of a 0-based line without its line end; empty beyond the last line.
    pub fn line_span(&self, index: usize) -> Span {
        let length = self.text.len();
        let start = self.line_starts.get(index).copied().unwrap_or(length);
        let next = self.line_starts.get(index + 1).copied().unwrap_or(length);
        let line = self.text.get(start..next).unwrap_or_default();
        Span::new(start, start + line.trim_end_matches(['\n', '\r']).len())
    }

    /// The line and column of a byte; offsets past the end are read as the end.
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let offset = self.clip(offset);
        let index = self.line_index(offset);
        let before = self.text.get(self.line_starts[index]..offset);
        LineColumn {
            line: index + 1,
            column: before.map_or(0, |text| text.chars().count()) + 1,
        }
    }

    /// The nearest character boundary at or before `offset`.
    pub(super) fn clip(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

/// All texts of one invocation.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a text; a leading byte-order mark is dropped, so that column 1 is the first character.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let mut text: String = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        // Four thousand million files would not fit into memory.
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        self.sources.push(Source::new(name.into(), text));
        id
    }

    /// The source with this number.
    ///
    /// # Panics
    /// When the number is another map's.
    pub fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    /// The text with this number.
    pub fn text(&self, id: SourceId) -> &str {
        self.source(id).text()
    }

    /// The name with this number.
    pub fn name(&self, id: SourceId) -> &str {
        self.source(id).name()
    }

    /// All sources in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.sources)
    }

    /// Line and column of the first byte of `location`.
    pub fn line_column(&self, location: Location) -> LineColumn {
        self.source(location.source)
            .line_column(location.span.start)
    }

    /// `file:line:column` of the first byte of `location`.
    pub fn describe(&self, location: Location) -> String {
        let LineColumn { line, column } = self.line_column(location);
        format!("{}:{line}:{column}", self.name(location.source))
    }

    /// The bytes of `location`.
    pub fn slice(&self, location: Location) -> &str {
        let source = self.source(location.source);
        let (start, end) = (
            source.clip(location.span.start),
            source.clip(location.span.end),
        );
        source.text.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{LineColumn, SourceMap};
    use crate::diagnostics::Span;

    #[test]
    fn columns_count_characters_and_the_byte_order_mark_is_none() {
        let mut sources = SourceMap::new();
        let id = sources.add("a.yaml", "\u{feff}käse: 1\r\nb: é!\n");
        let source = sources.source(id);
        assert_eq!(source.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(source.line_column(3), LineColumn { line: 1, column: 3 });
        let exclamation = source.text().find('!').unwrap();
        let place = Span::new(exclamation, exclamation + 1).in_source(id);
        assert_eq!(sources.describe(place), "a.yaml:2:5");
        assert_eq!(sources.slice(place), "!");
        assert_eq!(&source.text()[..source.line_span(0).end], "käse: 1");
        assert_eq!(source.line_column(9_999).line, 3);
    }
}
