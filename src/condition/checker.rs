//! Static types of a syntax tree (antonmedv/expr v1.15.5, `checker`).
//!
//! The original checks the whole text before it evaluates anything: `true || result > 1` is an error on a
//! vector. Only its first error is ever shown, so checking stops there.

mod builtins;
mod calls;
mod operators;

use super::ast::{Ast, NodeId, NodeKind};
use super::builtin::Builtin;
use super::environment::{Environment, Lookup};
use super::error::{CompileError, CompileResult};
use super::method::Method;
use super::types::{Type, is_any, is_bool, is_integer, kind, show};

/// Static type of an expression, with what else is known of it.
#[derive(Clone, Debug, Default)]
struct Checked {
    ty: Option<Type>,
    /// The builtin that the expression names.
    builtin: Option<Builtin>,
    /// Whether it is a method, whose type has the receiver as its first parameter.
    is_method: bool,
    /// Common type of a literal array's elements, whose own type is `interface {}`.
    element: Option<Type>,
}

impl From<Type> for Checked {
    fn from(ty: Type) -> Self {
        Self {
            ty: Some(ty),
            ..Self::default()
        }
    }
}

impl From<Option<Type>> for Checked {
    fn from(ty: Option<Type>) -> Self {
        Self {
            ty,
            ..Self::default()
        }
    }
}

/// Types every node of the tree.
pub(super) fn check(ast: &mut Ast, environment: Environment) -> CompileResult<()> {
    let root = ast.root();
    let mut checker = Checker {
        ast,
        environment,
        scopes: Vec::new(),
        variables: Vec::new(),
        parents: Vec::new(),
    };
    checker.visit(root)?;
    Ok(())
}

/// What `#` stands for inside a closure.
struct Scope {
    collection: Option<Type>,
    pointers: &'static [(&'static str, Pointer)],
}

#[derive(Clone, Copy)]
enum Pointer {
    Index,
    Accumulator,
}

struct Checker<'a> {
    ast: &'a mut Ast,
    environment: Environment,
    scopes: Vec<Scope>,
    variables: Vec<(String, Checked)>,
    parents: Vec<NodeId>,
}

impl Checker<'_> {
    fn error(&self, node: NodeId, text: impl Into<String>) -> CompileError {
        CompileError::rejected(text, self.ast.span(node))
    }

    fn visit(&mut self, id: NodeId) -> CompileResult<Checked> {
        self.parents.push(id);
        let checked = self.node(id)?;
        self.parents.pop();
        self.ast.node_mut(id).ty.clone_from(&checked.ty);
        Ok(checked)
    }

    fn ty(&mut self, id: NodeId) -> CompileResult<Option<Type>> {
        Ok(self.visit(id)?.ty)
    }

    fn node(&mut self, id: NodeId) -> CompileResult<Checked> {
        Ok(match self.ast.kind(id).clone() {
            NodeKind::Nil => Checked::default(),
            NodeKind::Identifier(name) => return self.identifier(id, &name),
            NodeKind::Integer(_) => Type::Int.into(),
            NodeKind::Float(_) => Type::Float64.into(),
            NodeKind::Bool(_) => Type::Bool.into(),
            NodeKind::String(_) => Type::String.into(),
            NodeKind::Constant(value) => value.ty().into(),
            NodeKind::Unary { operator, operand } => return self.unary(id, operator, operand),
            NodeKind::Binary {
                operator,
                left,
                right,
            } => return self.binary(id, operator, left, right),
            NodeKind::Chain(inner) => return self.visit(inner),
            NodeKind::Member {
                base,
                property,
                optional,
                ..
            } => return self.member(id, base, property, optional),
            NodeKind::Slice { base, from, to } => return self.slice(id, base, from, to),
            NodeKind::Call { callee, .. } => return self.call(id, callee),
            NodeKind::Builtin {
                builtin, arguments, ..
            } => return self.builtin(id, builtin, &arguments),
            NodeKind::Closure(body) => {
                let Some(ty) = self.ty(body)? else {
                    return Err(self.error(body, "closure cannot be nil"));
                };
                Type::func(vec![Type::Any], vec![ty], false).into()
            }
            NodeKind::Pointer(name) => return self.pointer(id, &name),
            NodeKind::Let { name, value, body } => return self.declaration(id, name, value, body),
            NodeKind::Conditional {
                condition,
                then,
                otherwise,
            } => {
                return self.conditional(condition, then, otherwise);
            }
            NodeKind::Array(items) => return self.array(&items),
            NodeKind::Map(pairs) => {
                for pair in pairs {
                    self.visit(pair)?;
                }
                Type::string_map().into()
            }
            NodeKind::Pair { key, value } => {
                self.visit(key)?;
                self.visit(value)?;
                Checked::default()
            }
        })
    }

    fn identifier(&mut self, id: NodeId, name: &str) -> CompileResult<Checked> {
        if let Some((_, checked)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return Ok(checked.clone());
        }
        if name == "$env" {
            return Ok(Type::string_map().into());
        }
        self.environment_name(id, name, true)
    }

    fn environment_name(&mut self, id: NodeId, name: &str, strict: bool) -> CompileResult<Checked> {
        if let Some(builtin) = Builtin::parse(name) {
            return Ok(Checked {
                builtin: Some(builtin),
                ..Type::builtin_func().into()
            });
        }
        match self.environment.lookup(name) {
            Lookup::Known(ty) => Ok(ty.into()),
            Lookup::Unknown if strict => Err(self.error(id, format!("unknown name {name}"))),
            Lookup::Unknown => Ok(Type::Any.into()),
        }
    }

    fn member(
        &mut self,
        id: NodeId,
        base: NodeId,
        property: NodeId,
        optional: bool,
    ) -> CompileResult<Checked> {
        let base_type = self.ty(base)?;
        let property_type = self.ty(property)?;
        let name = match self.ast.kind(property) {
            NodeKind::String(name) => Some(name.clone()),
            _ => None,
        };
        if matches!(self.ast.kind(base), NodeKind::Identifier(identifier) if identifier == "$env") {
            return match name {
                Some(name) => self.environment_name(id, &name, !optional),
                None => Ok(Type::Any.into()),
            };
        }
        if let Some(name) = &name {
            let Some(base_type) = &base_type else {
                return Err(self.error(id, format!("type <nil> has no field {name}")));
            };
            if let Some(found) = Method::find(base_type, name) {
                if let NodeKind::Member { method, .. } = &mut self.ast.node_mut(id).kind {
                    *method = Some(found);
                }
                return Ok(Checked {
                    is_method: true,
                    ..found.unbound_type(base_type).into()
                });
            }
        }
        match &base_type {
            Some(Type::Any | Type::Error) => Ok(Type::Any.into()),
            Some(Type::Map(types)) => {
                let (key, value) = &**types;
                let fits = property_type
                    .as_ref()
                    .is_none_or(|ty| ty.assignable_to(key));
                if !fits && !is_any(property_type.as_ref()) {
                    return Err(self.error(
                        property,
                        format!(
                            "cannot use {} to get an element from {}",
                            show(property_type.as_ref()),
                            show(base_type.as_ref())
                        ),
                    ));
                }
                Ok(value.clone().into())
            }
            Some(list @ (Type::Slice(_) | Type::Pair)) => {
                if !is_integer(property_type.as_ref()) && !is_any(property_type.as_ref()) {
                    return Err(self.error(
                        property,
                        format!(
                            "array elements can only be selected using an integer (got {})",
                            show(property_type.as_ref())
                        ),
                    ));
                }
                Ok(list.element().into())
            }
            Some(structure @ (Type::Time | Type::Location)) if name.is_some() => {
                Err(self.no_field(id, structure, &name.unwrap_or_default()))
            }
            other => {
                // A pointer is followed before the message is made.
                let shown = match other {
                    Some(Type::Location) => "time.Location".to_owned(),
                    other => show(other.as_ref()),
                };
                Err(self.error(
                    id,
                    format!(
                        "type {shown}[{}] is undefined",
                        show(property_type.as_ref())
                    ),
                ))
            }
        }
    }

    fn no_field(&self, id: NodeId, structure: &Type, name: &str) -> CompileError {
        let (shown, hidden): (_, &[&str]) = match structure {
            Type::Location => (
                "time.Location",
                &[
                    "name",
                    "zone",
                    "tx",
                    "extend",
                    "cacheStart",
                    "cacheEnd",
                    "cacheZone",
                ],
            ),
            _ => ("time.Time", &["wall", "ext", "loc"]),
        };
        if hidden.contains(&name) {
            return CompileError::unsupported("private fields of Go structures", self.ast.span(id));
        }
        let parent = self
            .parents
            .len()
            .checked_sub(2)
            .map(|index| self.parents[index]);
        let called =
            parent.is_some_and(|parent| matches!(self.ast.kind(parent), NodeKind::Call { .. }));
        let what = if called { "method" } else { "field" };
        self.error(id, format!("type {shown} has no {what} {name}"))
    }

    fn slice(
        &mut self,
        id: NodeId,
        base: NodeId,
        from: Option<NodeId>,
        to: Option<NodeId>,
    ) -> CompileResult<Checked> {
        use super::types::Kind::{Array, Interface, Slice, String};
        let ty = self.ty(base)?;
        if !matches!(kind(ty.as_ref()), Interface | String | Array | Slice) {
            return Err(self.error(id, format!("cannot slice {}", show(ty.as_ref()))));
        }
        for index in [from, to].into_iter().flatten() {
            let index_type = self.ty(index)?;
            if !is_integer(index_type.as_ref()) && !is_any(index_type.as_ref()) {
                return Err(self.error(
                    index,
                    format!("non-integer slice index {}", show(index_type.as_ref())),
                ));
            }
        }
        Ok(ty.into())
    }

    fn pointer(&mut self, id: NodeId, name: &str) -> CompileResult<Checked> {
        let Some(scope) = self.scopes.last() else {
            return Err(self.error(id, "cannot use pointer accessor outside closure"));
        };
        if name.is_empty() {
            return Ok(match &scope.collection {
                Some(list @ (Type::Slice(_) | Type::Pair)) => list.element().into(),
                _ => Type::Any.into(),
            });
        }
        match scope.pointers.iter().find(|(known, _)| *known == name) {
            Some((_, Pointer::Index)) => Ok(Type::Int.into()),
            Some((_, Pointer::Accumulator)) => Ok(Type::Any.into()),
            None => Err(self.error(id, format!("unknown pointer #{name}"))),
        }
    }

    fn declaration(
        &mut self,
        id: NodeId,
        name: String,
        value: NodeId,
        body: NodeId,
    ) -> CompileResult<Checked> {
        let taken = if self.environment.lookup(&name) != Lookup::Unknown {
            Some("")
        } else if Builtin::parse(&name).is_some() {
            Some("builtin ")
        } else if self.variables.iter().any(|(known, _)| *known == name) {
            Some("variable ")
        } else {
            None
        };
        if let Some(what) = taken {
            return Err(self.error(id, format!("cannot redeclare {what}{name}")));
        }
        let checked = self.visit(value)?;
        self.variables.push((name, checked));
        let body = self.visit(body)?;
        self.variables.pop();
        Ok(body)
    }

    fn conditional(
        &mut self,
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    ) -> CompileResult<Checked> {
        let ty = self.ty(condition)?;
        if !is_bool(ty.as_ref()) && !is_any(ty.as_ref()) {
            return Err(self.error(
                condition,
                format!(
                    "non-bool expression (type {}) used as condition",
                    show(ty.as_ref())
                ),
            ));
        }
        let then = self.ty(then)?;
        let otherwise = self.ty(otherwise)?;
        Ok(match (then, otherwise) {
            (None, other) | (other, None) => other.into(),
            (Some(then), Some(otherwise)) if then.assignable_to(&otherwise) => then.into(),
            _ => Type::Any.into(),
        })
    }

    fn array(&mut self, items: &[NodeId]) -> CompileResult<Checked> {
        let mut previous: Option<Type> = None;
        let mut uniform = true;
        for (index, item) in items.iter().enumerate() {
            let current = self.ty(*item)?;
            if index > 0 {
                uniform &= match (&current, &previous) {
                    (Some(current), Some(previous)) => current.kind() == previous.kind(),
                    _ => false,
                };
            }
            previous = current;
        }
        let element = if uniform { previous } else { None };
        Ok(Checked {
            element,
            ..Type::any_slice().into()
        })
    }
}
