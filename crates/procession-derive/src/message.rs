use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, Ident, LitInt, LitStr, Result, Type, spanned::Spanned,
};

/// What stands in `#[event(...)]` or `#[command(...)]`.
#[derive(Default)]
struct Arguments {
    name: Option<LitStr>,
    version: Option<LitInt>,
    upcast_from: Option<Type>,
    to: Option<Type>,
    id: Option<Ident>,
}

pub(crate) fn event(input: &DeriveInput) -> Result<TokenStream> {
    fact(input, "event", &quote!(Event))
}

pub(crate) fn public_event(input: &DeriveInput) -> Result<TokenStream> {
    fact(input, "public_event", &quote!(PublicEvent))
}

fn fact(input: &DeriveInput, attribute: &str, kind: &TokenStream) -> Result<TokenStream> {
    let arguments = Arguments::of(input, attribute)?;
    let message = message(input, &arguments, kind)?;
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    Ok(quote! {
        #message
        impl #generics ::procession::#kind for #name #types #bounds {}
    })
}

pub(crate) fn command(input: &DeriveInput) -> Result<TokenStream> {
    let arguments = Arguments::of(input, "command")?;
    let message = message(input, &arguments, &quote!(Command))?;
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    let missing = "a command is addressed to one instance of one decider: write `#[command(to = TheDecider, id = the_field)]`";
    let (Some(to), Some(id)) = (&arguments.to, &arguments.id) else {
        return Err(Error::new_spanned(name, missing));
    };
    if !field_names(input).contains(&id) {
        let reason = format!("`{name}` has no field `{id}` that could name the instance");
        return Err(Error::new_spanned(id, reason));
    }
    let rejected = format!("{} rejected", arguments.wire_name(input)?);
    // A type that cannot name an instance is reported at the field's name. Both `self` are written there, so that they are the
    // same one if a macro has written the struct.
    let target = quote_spanned! {id.span()=>
        fn target(&self) -> ::std::string::String {
            ::procession::derived::target(&self.#id)
        }
    };
    Ok(quote! {
        #message
        impl #generics ::procession::Command for #name #types #bounds {
            type To = #to;
            const REJECTED: &'static str = #rejected;
            #target
        }
    })
}

fn message(input: &DeriveInput, arguments: &Arguments, kind: &TokenStream) -> Result<TokenStream> {
    if !matches!(input.data, Data::Struct(_)) {
        return Err(Error::new_spanned(
            &input.ident,
            "a message is a struct; give each variant a struct of its own",
        ));
    }
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    let wire_name = arguments.wire_name(input)?;
    let version = arguments.version.as_ref().map_or(Ok(1), LitInt::base10_parse::<u16>)?;
    if version == 0 {
        return Err(Error::new_spanned(&arguments.version, "schema versions start at 1"));
    }
    let upcast = arguments.upcast_from.as_ref().map(|older| upcast(older, name, &wire_name));
    Ok(quote! {
        impl #generics ::procession::Message for #name #types #bounds {
            type Kind = ::procession::derived::kind::#kind;
            const NAME: &'static str = #wire_name;
            const SCHEMA_VERSION: u16 = #version;
            #upcast
        }
    })
}

/// Reads an older shape, and turns it into this one by `From`. The compiler checks that it is the shape before this one.
fn upcast(older: &Type, name: &Ident, wire_name: &str) -> TokenStream {
    let other_name =
        format!("the older shape of `{name}` has another name: write `name = \"{wire_name}\"` above it too");
    let other_version =
        format!("the older shape of `{name}` must have the schema version before it: write `version = ...`");
    quote_spanned! {older.span()=>
        fn upcast(
            schema_version: u16,
            payload: &str,
        ) -> ::std::result::Result<Self, ::procession::DecodeError> {
            const _: () = ::std::assert!(
                ::procession::derived::same(<#older as ::procession::Message>::NAME, #wire_name),
                #other_name
            );
            const _: () = ::std::assert!(
                <#older as ::procession::Message>::SCHEMA_VERSION + 1 == <#name as ::procession::Message>::SCHEMA_VERSION,
                #other_version
            );
            ::procession::derived::upcast::<Self, #older>(schema_version, payload)
        }
    }
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

    fn wire_name(&self, input: &DeriveInput) -> Result<String> {
        let name = self.name.as_ref().map_or_else(|| input.ident.to_string(), LitStr::value);
        if name.is_empty() {
            return Err(Error::new_spanned(&self.name, "a message needs a name"));
        }
        Ok(name)
    }

    fn read(&mut self, attribute: &Attribute, kind: &str) -> Result<()> {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                self.name = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("version") {
                self.version = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("upcast_from") {
                self.upcast_from = Some(meta.value()?.parse()?);
            } else if kind == "command" && meta.path.is_ident("to") {
                self.to = Some(meta.value()?.parse()?);
            } else if kind == "command" && meta.path.is_ident("id") {
                self.id = Some(meta.value()?.parse()?);
            } else if kind == "command" {
                return Err(meta.error("a command has `to`, `id`, `name`, `version` and `upcast_from`"));
            } else {
                return Err(meta.error("an event has `name`, `version` and `upcast_from`"));
            }
            Ok(())
        })
    }
}
