use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result, Type, Variant};

pub(crate) fn events(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "the events of a stream are an enum: one variant for each event",
        ));
    };
    let variants = data.variants.iter().map(variant).collect::<Result<Vec<_>>>()?;
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    let message = |event: &Type| quote!(<#event as ::procession::Message>::NAME);
    let names = variants.iter().map(|(_, event)| message(event));
    let ending = data.variants.iter().zip(&variants).filter(|(it, _)| ends(it));
    let ends = ending.map(|(_, (_, event))| message(event));
    let decode = variants.iter().map(|(variant, event)| {
        let wire_name = message(event);
        quote! {
            if name == #wire_name {
                return ::procession::derived::decode::<#event>(schema_version, payload).map(Self::#variant);
            }
        }
    });
    let name_of = variants.iter().map(
        |(variant, event)| quote!(Self::#variant(ref event) => ::procession::derived::name::<#event>(event)),
    );
    let one_of = variants
        .iter()
        .map(|(_, event)| quote!(impl #generics ::procession::OneOf<#name #types> for #event #bounds {}));
    Ok(quote! {
        impl #generics ::procession::Events for #name #types #bounds {
            const NAMES: &'static [&'static str] = &[#(#names),*];
            const ENDS: &'static [&'static str] = &[#(#ends),*];
            fn name(&self) -> &'static str {
                match *self {
                    #(#name_of),*
                }
            }
            fn decode(
                name: &str,
                schema_version: u16,
                payload: &str,
            ) -> ::std::result::Result<Self, ::procession::DecodeError> {
                #(#decode)*
                ::procession::derived::unknown(name, Self::NAMES)
            }
        }
        #(#one_of)*
    })
}

fn ends(variant: &Variant) -> bool {
    variant.attrs.iter().any(|it| it.path().is_ident("ends"))
}

fn variant(variant: &Variant) -> Result<(&Ident, &Type)> {
    let one_event = "a variant holds one event: `Opened(AccountOpened)`";
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => match fields.unnamed.first() {
            Some(field) => Ok((&variant.ident, &field.ty)),
            None => Err(Error::new_spanned(variant, one_event)),
        },
        Fields::Unnamed(_) | Fields::Named(_) | Fields::Unit => Err(Error::new_spanned(variant, one_event)),
    }
}
