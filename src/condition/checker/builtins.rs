//! Types of builtin functions.

use super::super::ast::{NodeId, NodeKind};
use super::super::builtin::Builtin;
use super::super::environment::Lookup;
use super::super::error::{CompileError, CompileResult};
use super::super::types::{
    FuncType, Kind, Type, is_any, is_array, is_bool, is_integer, kind, show, show_s,
};
use super::{Checked, Checker, Pointer, Scope};

impl Checker<'_> {
    pub(super) fn builtin(
        &mut self,
        id: NodeId,
        builtin: Builtin,
        arguments: &[NodeId],
    ) -> CompileResult<Checked> {
        match builtin {
            Builtin::Get => self.get(id, arguments),
            _ if builtin.is_predicate() => self.predicate(builtin, arguments),
            _ => self.function(id, builtin, arguments),
        }
    }

    /// A builtin called through a value that names it (`$env.len(x)`, `let f = len; f(x)`).
    pub(super) fn builtin_call(&mut self, id: NodeId, builtin: Builtin) -> CompileResult<Checked> {
        let NodeKind::Call { arguments, .. } = self.ast.kind(id).clone() else {
            return Ok(Type::Any.into());
        };
        self.function(id, builtin, &arguments)
    }

    fn predicate(&mut self, builtin: Builtin, arguments: &[NodeId]) -> CompileResult<Checked> {
        let [collection, closure, rest @ ..] = arguments else {
            return Ok(Type::Any.into());
        };
        let collection_type = self.ty(*collection)?;
        let ty = collection_type.as_ref();
        if !is_array(ty) && !is_any(ty) {
            return Err(self.error(
                *collection,
                format!(
                    "builtin {} takes only array (got {})",
                    builtin.name(),
                    show(ty)
                ),
            ));
        }
        let pointers: &'static [(&'static str, Pointer)] = match builtin {
            Builtin::Map => &[("index", Pointer::Index)],
            Builtin::Reduce => &[("index", Pointer::Index), ("acc", Pointer::Accumulator)],
            _ => &[],
        };
        self.scopes.push(Scope {
            collection: collection_type.clone(),
            pointers,
        });
        let closure_type = self.ty(*closure)?;
        self.scopes.pop();
        for initial in rest {
            self.visit(*initial)?;
        }
        let output = match closure_type {
            Some(Type::Func(func)) => func.results.first().cloned(),
            _ => None,
        };
        let Some(output) = output else {
            return Err(self.error(
                *closure,
                "predicate should has one input and one output param",
            ));
        };
        let free_form = matches!(builtin, Builtin::Map | Builtin::GroupBy | Builtin::Reduce);
        if !free_form && !is_bool(Some(&output)) && !is_any(Some(&output)) {
            return Err(self.error(
                *closure,
                format!("predicate should return boolean (got {output})"),
            ));
        }
        let element = collection_type
            .as_ref()
            .and_then(Type::element)
            .unwrap_or(Type::Any);
        Ok(match builtin {
            Builtin::Filter => Type::slice_of(element).into(),
            Builtin::Map => Type::slice_of(output).into(),
            Builtin::Find | Builtin::FindLast => element.into(),
            Builtin::Count | Builtin::FindIndex | Builtin::FindLastIndex => Type::Int.into(),
            Builtin::GroupBy => Type::map_of(Type::Any, Type::any_slice()).into(),
            Builtin::Reduce => output.into(),
            _ => Type::Bool.into(),
        })
    }

    fn get(&mut self, id: NodeId, arguments: &[NodeId]) -> CompileResult<Checked> {
        let [value, property] = arguments else {
            return Err(self.error(id, wrong_count("2", arguments.len())));
        };
        if matches!(self.ast.kind(*value), NodeKind::Identifier(name) if name == "$env") {
            return Ok(match self.ast.kind(*property) {
                NodeKind::String(name) => match self.environment.lookup(name) {
                    Lookup::Known(ty) => ty.into(),
                    Lookup::Unknown => Checked::default(),
                },
                _ => Type::Any.into(),
            });
        }
        let ty = self.ty(*value)?;
        match &ty {
            Some(Type::Any | Type::Error) => Ok(Type::Any.into()),
            Some(list @ (Type::Slice(_) | Type::Pair)) => {
                let index = self.ty(*property)?;
                if index.is_none() {
                    return Err(self.error(*property, "cannot use nil as slice index"));
                }
                if !is_integer(index.as_ref()) && !is_any(index.as_ref()) {
                    return Err(self.error(
                        *property,
                        format!("non-integer slice index {}", show(index.as_ref())),
                    ));
                }
                Ok(list.element().into())
            }
            Some(Type::Map(types)) => {
                let Some(key) = self.ty(*property)? else {
                    return Err(self.error(*property, "cannot use nil as map index"));
                };
                if !key.assignable_to(&types.0) && !is_any(Some(&key)) {
                    let text = format!(
                        "cannot use {key} to get an element from {}",
                        show(ty.as_ref())
                    );
                    return Err(self.error(*property, text));
                }
                Ok(types.1.clone().into())
            }
            _ => Err(self.error(
                *value,
                format!("type {} does not support indexing", show(ty.as_ref())),
            )),
        }
    }

    fn function(
        &mut self,
        id: NodeId,
        builtin: Builtin,
        arguments: &[NodeId],
    ) -> CompileResult<Checked> {
        let overloads = overloads(builtin);
        if overloads.is_empty() {
            let mut types = Vec::with_capacity(arguments.len());
            for argument in arguments {
                types.push(self.ty(*argument)?);
            }
            return match validate(builtin, &types) {
                Ok(ty) => Ok(ty.into()),
                Err(text) => Err(self.error(id, text)),
            };
        }
        let mut last: Option<CompileError> = None;
        for overload in &overloads {
            match self.arguments(builtin.name(), overload, 0, id)? {
                Ok(ty) => return Ok(ty.into()),
                Err(mismatch) => last = Some(mismatch),
            }
        }
        Err(last.unwrap_or_else(|| {
            self.error(id, format!("no matching overload for {}", builtin.name()))
        }))
    }
}

fn wrong_count(expected: &str, got: usize) -> String {
    format!("invalid number of arguments (expected {expected}, got {got})")
}

/// Signatures of a builtin that is typed by them, in the order in which they are tried.
fn overloads(builtin: Builtin) -> Vec<FuncType> {
    use Type::{Any, Bool, Error, Int, String, Time};
    let func = |params: &[Type], result: Type| FuncType {
        params: params.to_vec(),
        results: vec![result],
        variadic: false,
    };
    let strings = || Type::slice_of(String);
    let list = Type::any_slice();
    let predicate = |result| Type::func(vec![Any], vec![result], false);
    match builtin {
        Builtin::All | Builtin::None | Builtin::Any | Builtin::One => {
            vec![func(&[list, predicate(Bool)], Bool)]
        }
        Builtin::Filter => vec![func(&[list.clone(), predicate(Bool)], list)],
        Builtin::Map => vec![func(&[list.clone(), predicate(Any)], list)],
        Builtin::Find | Builtin::FindLast => vec![func(&[list, predicate(Bool)], Any)],
        Builtin::FindIndex | Builtin::FindLastIndex | Builtin::Count => {
            vec![func(&[list, predicate(Bool)], Int)]
        }
        Builtin::GroupBy => vec![func(
            &[list.clone(), predicate(Any)],
            Type::map_of(Any, list),
        )],
        Builtin::Reduce => {
            let step = Type::func(vec![Any, Any], vec![Any], false);
            vec![func(&[list, step, Any], Any)]
        }
        Builtin::Type | Builtin::String | Builtin::ToJson => vec![func(&[Any], String)],
        Builtin::Trim => vec![func(&[String], String), func(&[String, String], String)],
        Builtin::TrimPrefix | Builtin::TrimSuffix => {
            vec![func(&[String, String], String), func(&[String], String)]
        }
        Builtin::Upper | Builtin::Lower | Builtin::ToBase64 | Builtin::FromBase64 => {
            vec![func(&[String], String)]
        }
        Builtin::Split | Builtin::SplitAfter => {
            vec![
                func(&[String, String], strings()),
                func(&[String, String, Int], strings()),
            ]
        }
        Builtin::Replace => vec![
            func(&[String, String, String, Int], String),
            func(&[String, String, String], String),
        ],
        Builtin::Repeat => vec![func(&[String, Int], String)],
        Builtin::Join => vec![
            func(&[strings(), String], String),
            func(&[list.clone(), String], String),
            func(&[list], String),
            func(&[strings(), String], String),
            func(&[strings()], String),
        ],
        Builtin::IndexOf | Builtin::LastIndexOf => vec![func(&[String, String], Int)],
        Builtin::HasPrefix | Builtin::HasSuffix => vec![func(&[String, String], Bool)],
        Builtin::FromJson => vec![func(&[String], Any)],
        Builtin::Now => vec![func(&[], Time)],
        Builtin::Duration => vec![FuncType {
            params: vec![String],
            results: vec![Type::Duration, Error],
            variadic: false,
        }],
        Builtin::Date => vec![
            func(&[String], Time),
            func(&[String, String], Time),
            func(&[String, String, String], Time),
        ],
        // `get` has no signature when it is called through a value.
        Builtin::Get => vec![FuncType {
            params: vec![Any],
            results: vec![Any, Error],
            variadic: true,
        }],
        _ => Vec::new(),
    }
}

const NUMBERS: [Kind; 5] = [
    Kind::Float64,
    Kind::Int,
    Kind::Int64,
    Kind::Uint8,
    Kind::Interface,
];
const LISTS: [Kind; 3] = [Kind::Interface, Kind::Slice, Kind::Array];

/// Result type of a builtin that checks its arguments itself.
fn validate(builtin: Builtin, args: &[Option<Type>]) -> Result<Option<Type>, String> {
    let expected = match builtin {
        Builtin::Max | Builtin::Min => return extreme(builtin.name(), args),
        Builtin::Take => (2..=2, "2"),
        Builtin::Sort => (1..=2, "1 or 2"),
        Builtin::SortBy => (2..=3, "2 or 3"),
        _ => (1..=1, "1"),
    };
    if !expected.0.contains(&args.len()) {
        return Err(wrong_count(expected.1, args.len()));
    }
    let first = args.first().and_then(Option::as_ref);
    match builtin {
        Builtin::Len
        | Builtin::Abs
        | Builtin::Ceil
        | Builtin::Floor
        | Builtin::Round
        | Builtin::Int
        | Builtin::Float => validate_number(builtin, first),
        Builtin::Sort | Builtin::SortBy => sorted(args),
        Builtin::Take => take(first, args[1].as_ref()),
        _ => validate_list(builtin, first),
    }
}

fn require(
    ty: Option<&Type>,
    kinds: &[Kind],
    text: impl FnOnce(String) -> String,
) -> Result<(), String> {
    if kinds.contains(&kind(ty)) {
        Ok(())
    } else {
        Err(text(show_s(ty)))
    }
}

fn validate_number(builtin: Builtin, arg: Option<&Type>) -> Result<Option<Type>, String> {
    // The original's text for round names floor.
    let name = if builtin == Builtin::Round {
        "floor"
    } else {
        builtin.name()
    };
    let text = |ty| format!("invalid argument for {name} (type {ty})");
    match builtin {
        Builtin::Len => {
            let kinds = [
                Kind::Array,
                Kind::Map,
                Kind::Slice,
                Kind::String,
                Kind::Interface,
            ];
            require(arg, &kinds, text)?;
        }
        Builtin::Int | Builtin::Float if kind(arg) == Kind::String => {}
        _ => require(arg, &NUMBERS, text)?,
    }
    Ok(match builtin {
        Builtin::Len | Builtin::Int => Some(Type::Int),
        Builtin::Abs => arg.cloned(),
        _ => Some(Type::Float64),
    })
}

fn validate_list(builtin: Builtin, arg: Option<&Type>) -> Result<Option<Type>, String> {
    let name = builtin.name();
    let maps = [Kind::Interface, Kind::Map];
    Ok(Some(match builtin {
        Builtin::Sum => {
            require(arg, &LISTS, |ty| format!("cannot sum {ty}"))?;
            Type::Any
        }
        Builtin::Mean | Builtin::Median => {
            let verb = if builtin == Builtin::Mean {
                "avg"
            } else {
                name
            };
            require(arg, &LISTS, |ty| format!("cannot {verb} {ty}"))?;
            Type::Float64
        }
        Builtin::First | Builtin::Last => {
            require(arg, &LISTS, |ty| {
                format!("cannot get {name} element from {ty}")
            })?;
            arg.and_then(Type::element).unwrap_or(Type::Any)
        }
        Builtin::Keys | Builtin::Values => {
            require(arg, &maps, |ty| format!("cannot get {name} from {ty}"))?;
            Type::any_slice()
        }
        Builtin::ToPairs => {
            require(arg, &maps, |ty| format!("cannot transform {ty} to pairs"))?;
            Type::any_slice()
        }
        _ => {
            require(arg, &LISTS, |ty| {
                format!("cannot transform {ty} from pairs")
            })?;
            Type::map_of(Type::Any, Type::Any)
        }
    }))
}

fn take(list: Option<&Type>, count: Option<&Type>) -> Result<Option<Type>, String> {
    require(list, &LISTS, |ty| format!("cannot take from {ty}"))?;
    let counts = [Kind::Interface, Kind::Int, Kind::Int64];
    require(count, &counts, |ty| format!("cannot take {ty} elements"))?;
    Ok(list.cloned())
}

fn extreme(name: &str, args: &[Option<Type>]) -> Result<Option<Type>, String> {
    if args.is_empty() {
        return Err(format!("not enough arguments to call {name}"));
    }
    for arg in args {
        match kind(arg.as_ref()) {
            // The remaining arguments are not looked at.
            Kind::Interface => return Ok(Some(Type::Any)),
            Kind::Int | Kind::Int64 | Kind::Uint8 | Kind::Float64 => {}
            _ => {
                return Err(format!(
                    "invalid argument for {name} (type {})",
                    show_s(arg.as_ref())
                ));
            }
        }
    }
    Ok(args[0].clone())
}

fn sorted(args: &[Option<Type>]) -> Result<Option<Type>, String> {
    if !LISTS.contains(&kind(args[0].as_ref())) {
        return Err(format!("cannot sort {}", show_s(args[0].as_ref())));
    }
    for arg in &args[1..] {
        if !matches!(kind(arg.as_ref()), Kind::String | Kind::Interface) {
            // Whichever argument is wrong, the text shows the second one.
            let shown = show_s(args[1].as_ref());
            return Err(format!(
                "invalid argument for sort (expected string, got {shown})"
            ));
        }
    }
    Ok(Some(Type::any_slice()))
}
