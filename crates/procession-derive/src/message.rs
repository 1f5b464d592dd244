use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitInt, LitStr, Result, Type};

/// What stands in `#[event(...)]` or `#[command(...)]`.
#[derive(Default)]
struct Arguments {
    name: Option<LitStr>,
    version: Option<LitInt>,
    to: Option<Type>,
    id: Option<Ident>,
}

pub(crate) fn event(input: &DeriveInput) -> Result<TokenStream> {
    let arguments = Arguments::of(input, "event")?;
    let message = message(input, &arguments)?;
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    Ok(quote! {
        #message
        impl #generics ::procession::Event for #name #types #bounds {}
    })
}

pub(crate) fn command(input: &DeriveInput) -> Result<TokenStream> {
    let arguments = Arguments::of(input, "command")?;
    let message = message(input, &arguments)?;
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    let missing = "a command is addressed to one instance of one decider: write `#[command(to = TheDecider, id = the_field)]`";
    let (Some(to), Some(id)) = (&arguments.to, &arguments.id) else {
        return Err(Error::new_spanned(name, missing));
    };
    if !field_names(input).contains(&id) {
        let reason = format!("`{name}` has no field `{id}` that could name the instance");
        return Err(Error::new_spanned(id, reason));
    }
    // A type that cannot name an instance is reported at the field's name.
    let target = quote_spanned!(id.span()=> ::procession::derived::target(&self.#id));
    Ok(quote! {
        #message
        impl #generics ::procession::Command for #name #types #bounds {
            type To = #to;
            fn target(&self) -> ::std::string::String {
                #target
            }
        }
    })
}

fn message(input: &DeriveInput, arguments: &Arguments) -> Result<TokenStream> {
    if !matches!(input.data, Data::Struct(_)) {
        return Err(Error::new_spanned(
            &input.ident,
            "a message is a struct; give each variant a struct of its own",
        ));
    }
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    let wire_name = arguments.name.as_ref().map_or_else(|| name.to_string(), LitStr::value);
    if wire_name.is_empty() {
        return Err(Error::new_spanned(&arguments.name, "a message needs a name"));
    }
    let version = arguments.version.as_ref().map_or(Ok(1), LitInt::base10_parse::<u16>)?;
    Ok(quote! {
        impl #generics ::procession::Message for #name #types #bounds {
            const NAME: &'static str = #wire_name;
            const SCHEMA_VERSION: u16 = #version;
        }
    })
}

fn field_names(input: &DeriveInput) -> Vec<&Ident> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.named.iter().filter_map(|it| it.ident.as_ref()).collect(),
            Fields::Unnamed(_) | Fields::Unit => Vec::new(),
        },
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    }
}

impl Arguments {
    fn of(input: &DeriveInput, attribute: &str) -> Result<Self> {
        let mut arguments = Self::default();
        for it in input.attrs.iter().filter(|it| it.path().is_ident(attribute)) {
            arguments.read(it, attribute)?;
        }
        Ok(arguments)
    }

    fn read(&mut self, attribute: &Attribute, kind: &str) -> Result<()> {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                self.name = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("version") {
                self.version = Some(meta.value()?.parse()?);
            } else if kind == "command" && meta.path.is_ident("to") {
                self.to = Some(meta.value()?.parse()?);
            } else if kind == "command" && meta.path.is_ident("id") {
                self.id = Some(meta.value()?.parse()?);
            } else if kind == "command" {
                return Err(meta.error("a command has `to`, `id`, `name` and `version`"));
            } else {
                return Err(meta.error("an event has `name` and `version`"));
            }
            Ok(())
        })
    }
}
