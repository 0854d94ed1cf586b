//! The syntax tree of a condition, with the place of every node in the text.
//!
//! Nodes live in one vector and refer to each other by number. The checker and the optimizer of the
//! original rewrite the tree and share parts of it, which numbers allow.

use std::fmt;
use std::ops::Range;

use super::builtin::Builtin;
use super::method::Method;
use super::types::Type;
use super::value::Value;

/// A range of bytes of the condition's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` to before `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// As a range, to cut the text with.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// Number of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// Operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `not`
    Not,
    /// `!`
    Bang,
    /// `+`
    Plus,
    /// `-`
    Minus,
}

impl UnaryOperator {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "not" => Self::Not,
            "!" => Self::Bang,
            "+" => Self::Plus,
            "-" => Self::Minus,
            _ => return None,
        })
    }

    /// How strongly the operand is bound.
    pub(super) fn precedence(self) -> u16 {
        match self {
            Self::Not | Self::Bang => 50,
            Self::Plus | Self::Minus => 90,
        }
    }
}

impl fmt::Display for UnaryOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Not => "not",
            Self::Bang => "!",
            Self::Plus => "+",
            Self::Minus => "-",
        })
    }
}

/// Operator between two operands, by its spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `|`
    Pipe,
    /// `or`
    Or,
    /// `||`
    BarBar,
    /// `and`
    And,
    /// `&&`
    AmpAmp,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `>`
    More,
    /// `>=`
    MoreOrEqual,
    /// `<=`
    LessOrEqual,
    /// `in`
    In,
    /// `matches`
    Matches,
    /// `contains`
    Contains,
    /// `startsWith`
    StartsWith,
    /// `endsWith`
    EndsWith,
    /// `..`
    Range,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `**`
    Power,
    /// `^`
    Caret,
    /// `??`
    Coalesce,
}

use BinaryOperator as Op;

const BINARY_OPERATORS: [(BinaryOperator, &str, u16); 25] = [
    (Op::Pipe, "|", 0),
    (Op::Or, "or", 10),
    (Op::BarBar, "||", 10),
    (Op::And, "and", 15),
    (Op::AmpAmp, "&&", 15),
    (Op::Equal, "==", 20),
    (Op::NotEqual, "!=", 20),
    (Op::Less, "<", 20),
    (Op::More, ">", 20),
    (Op::MoreOrEqual, ">=", 20),
    (Op::LessOrEqual, "<=", 20),
    (Op::In, "in", 20),
    (Op::Matches, "matches", 20),
    (Op::Contains, "contains", 20),
    (Op::StartsWith, "startsWith", 20),
    (Op::EndsWith, "endsWith", 20),
    (Op::Range, "..", 25),
    (Op::Add, "+", 30),
    (Op::Subtract, "-", 30),
    (Op::Multiply, "*", 60),
    (Op::Divide, "/", 60),
    (Op::Modulo, "%", 60),
    (Op::Power, "**", 100),
    (Op::Caret, "^", 100),
    (Op::Coalesce, "??", 500),
];

impl BinaryOperator {
    pub(super) fn parse(text: &str) -> Option<Self> {
        BINARY_OPERATORS
            .iter()
            .find(|(_, spelling, _)| *spelling == text)
            .map(|(operator, ..)| *operator)
    }

    fn entry(self) -> (&'static str, u16) {
        BINARY_OPERATORS
            .iter()
            .find(|(operator, ..)| *operator == self)
            .map_or(("", 0), |(_, spelling, precedence)| (spelling, *precedence))
    }

    /// How strongly the operands are bound.
    pub(super) fn precedence(self) -> u16 {
        self.entry().1
    }

    /// Whether `a ** b ** c` groups from the right.
    pub(super) fn is_right_associative(self) -> bool {
        matches!(self, Self::Power | Self::Caret)
    }
}

impl fmt::Display for BinaryOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry().0)
    }
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// `nil`
    Nil,
    /// A name
    Identifier(String),
    /// `42`
    Integer(i64),
    /// `4.2`
    Float(f64),
    /// `true`
    Bool(bool),
    /// `'text'`
    String(String),
    /// A value computed before the first evaluation (made by the optimizer only)
    Constant(Value<'static>),
    /// `not x`
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// Its operand.
        operand: NodeId,
    },
    /// `x + y`
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// Left operand.
        left: NodeId,
        /// Right operand.
        right: NodeId,
    },
    /// Limits how far `?.` jumps
    Chain(NodeId),
    /// `x.y`, `x[y]`, `x?.y`
    Member {
        /// What is indexed.
        base: NodeId,
        /// Key or index; a name after a point is a string.
        property: NodeId,
        /// Whether it is `?.`.
        optional: bool,
        /// The method that the checker found.
        method: Option<Method>,
    },
    /// `x[from:to]`
    Slice {
        /// What is cut.
        base: NodeId,
        /// First index.
        from: Option<NodeId>,
        /// Index after the last one.
        to: Option<NodeId>,
    },
    /// `f(x)` where `f` is no builtin by its syntax
    Call {
        /// What is called.
        callee: NodeId,
        /// Arguments in order.
        arguments: Vec<NodeId>,
        /// How it is called, known after checking.
        target: CallTarget,
    },
    /// `len(x)`, `all(x, {…})`
    Builtin {
        /// The function.
        builtin: Builtin,
        /// Arguments in order; a predicate is a [`NodeKind::Closure`].
        arguments: Vec<NodeId>,
        /// Whether finding nothing is a failure (made by the optimizer only).
        throws: bool,
        /// What to collect instead of the elements (made by the optimizer only).
        map: Option<NodeId>,
    },
    /// `{# > 1}`
    Closure(NodeId),
    /// `#`, `#index`, `#acc`
    Pointer(String),
    /// `c ? x : y`
    Conditional {
        /// The condition.
        condition: NodeId,
        /// Value if it holds.
        then: NodeId,
        /// Value if it doesn't.
        otherwise: NodeId,
    },
    /// `let x = v; e`
    Let {
        /// The variable's name.
        name: String,
        /// Its value.
        value: NodeId,
        /// The expression that may use it.
        body: NodeId,
    },
    /// `[x, y]`
    Array(Vec<NodeId>),
    /// `{k: v}`
    Map(Vec<NodeId>),
    /// One `k: v` of a map
    Pair {
        /// The key.
        key: NodeId,
        /// The value.
        value: NodeId,
    },
}

/// How a call reaches its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallTarget {
    /// By value, through reflection.
    Reflected,
    /// By value, with the argument types asserted.
    Typed,
    /// A builtin reached by a name or `$env`.
    Builtin(Builtin),
}

/// A node: what it is, where it stands and, after checking, its static type.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands in the text.
    pub span: Span,
    /// Its static type: `None` before checking, for `nil`, and for what the optimizer made without one.
    pub ty: Option<Type>,
}

/// A syntax tree.
#[derive(Clone, Debug, Default)]
pub struct Ast {
    nodes: Vec<Node>,
    root: Option<NodeId>,
}

impl Ast {
    /// The node that stands for the whole condition.
    pub fn root(&self) -> NodeId {
        self.root.unwrap_or(NodeId(0))
    }

    /// A node by its number, which must come from this tree.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// What a node is.
    pub fn kind(&self, id: NodeId) -> &NodeKind {
        &self.node(id).kind
    }

    /// Where a node stands.
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// Static type of a node.
    pub fn ty(&self, id: NodeId) -> Option<&Type> {
        self.node(id).ty.as_ref()
    }

    /// Position of a node in [`Self::iter`].
    pub(super) fn position(&self, id: NodeId) -> Option<usize> {
        (id.index() < self.nodes.len()).then(|| id.index())
    }

    /// All nodes in the order of their making: operands before operators.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.nodes)
    }

    pub(super) fn set_root(&mut self, root: NodeId) {
        self.root = Some(root);
    }

    pub(super) fn push(&mut self, kind: NodeKind, span: Span) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            kind,
            span,
            ty: None,
        });
        id
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    /// The parts of a node in the order in which the original visits them.
    pub fn children(&self, id: NodeId) -> Vec<NodeId> {
        match self.kind(id) {
            NodeKind::Unary { operand: only, .. }
            | NodeKind::Chain(only)
            | NodeKind::Closure(only) => vec![*only],
            NodeKind::Binary { left, right, .. } => vec![*left, *right],
            NodeKind::Member { base, property, .. } => vec![*base, *property],
            NodeKind::Slice { base, from, to } => {
                std::iter::once(*base).chain(*from).chain(*to).collect()
            }
            NodeKind::Call {
                callee, arguments, ..
            } => std::iter::once(*callee)
                .chain(arguments.iter().copied())
                .collect(),
            NodeKind::Builtin { arguments, .. } => arguments.clone(),
            NodeKind::Let { value, body, .. } => vec![*value, *body],
            NodeKind::Conditional {
                condition,
                then,
                otherwise,
            } => vec![*condition, *then, *otherwise],
            NodeKind::Array(items) | NodeKind::Map(items) => items.clone(),
            NodeKind::Pair { key, value } => vec![*key, *value],
            NodeKind::Nil
            | NodeKind::Identifier(_)
            | NodeKind::Integer(_)
            | NodeKind::Float(_)
            | NodeKind::Bool(_)
            | NodeKind::String(_)
            | NodeKind::Constant(_)
            | NodeKind::Pointer(_) => Vec::new(),
        }
    }
}
