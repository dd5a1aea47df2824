//! Data sets that come with the language, compressed in the executable; sources and licences are in
//! `stdlib/data/ATTRIBUTION.md`.

use super::{DataFault, DeclaredAxis, Field, FieldData, FieldElem, Format, Header, LoadSpec, Loaded, load};
use crate::tensor::Tensor;
use crate::types::Precision;

/// One data set as `std.data` offers it.
pub struct Bundled {
    pub name: &'static str,
    /// What it is, its fields and axes, and what was done to the values.
    pub doc: &'static str,
    bytes: &'static [u8],
    header: Header,
    /// Whether the last column is a class (`y: label k [n]`) or a number (`y: real[n]`).
    classes: bool,
    /// Every value of `x` is divided by this.
    scale: f64,
}

static SETS: &[Bundled] = &[
    Bundled {
        name: "digits",
        doc: "1797 handwritten digits. `x: real[n, d]` holds the 8 x 8 grey levels, d = 64, row by row, scaled from \
              0..16 to 0..1; `y: label k [n]` the digit, k = 10. UCI Optical Recognition of Handwritten Digits, test set.",
        bytes: include_bytes!("../../stdlib/data/digits.csv.gz"),
        header: Header::No,
        classes: true,
        scale: 16.0,
    },
    Bundled {
        name: "iris",
        doc: "150 iris flowers. `x: real[n, d]` holds length and width of sepal and petal in cm, d = 4; \
              `y: label k [n]` the species, k = 3. R. A. Fisher, 1936.",
        bytes: include_bytes!("../../stdlib/data/iris.csv.gz"),
        header: Header::Yes,
        classes: true,
        scale: 1.0,
    },
    Bundled {
        name: "wine",
        doc: "178 Italian wines. `x: real[n, d]` holds 13 chemical measures in their own units, d = 13; \
              `y: label k [n]` the cultivar, k = 3. M. Forina et al., 1988.",
        bytes: include_bytes!("../../stdlib/data/wine.csv.gz"),
        header: Header::Yes,
        classes: true,
        scale: 1.0,
    },
    Bundled {
        name: "breast_cancer",
        doc: "569 biopsies. `x: real[n, d]` holds 30 measures of cell nuclei (mean, error and worst of ten), d = 30; \
              `y: label k [n]` the diagnosis, benign or malignant, k = 2. Wolberg, Street & Mangasarian, 1995.",
        bytes: include_bytes!("../../stdlib/data/breast_cancer.csv.gz"),
        header: Header::Yes,
        classes: true,
        scale: 1.0,
    },
    Bundled {
        name: "diabetes",
        doc: "442 diabetes patients. `x: real[n, d]` holds age, sex, body mass index, blood pressure and six blood \
              measures, not standardised, d = 10; `y: real[n]` the progression after one year. Efron et al., 2004.",
        bytes: include_bytes!("../../stdlib/data/diabetes.csv.gz"),
        header: Header::Yes,
        classes: false,
        scale: 1.0,
    },
];

/// Names of the bundled data sets, in the order they are documented.
pub fn bundled_names() -> impl Iterator<Item = &'static str> {
    SETS.iter().map(|set| set.name)
}

/// What a bundled data set is.
pub fn describe(name: &str) -> Option<&'static Bundled> {
    SETS.iter().find(|set| set.name == name)
}

/// A bundled data set: fields `x` over axes `n`, `d` and `y` over `n`; `None` if there is none of that name.
pub fn bundled(name: &str, precision: Precision) -> Option<Result<Loaded, Box<DataFault>>> {
    describe(name).map(|set| set.read(precision))
}

impl Bundled {
    fn read(&self, precision: Precision) -> Result<Loaded, Box<DataFault>> {
        let open = |name: &str| DeclaredAxis::open(name);
        let target = if self.classes { FieldElem::Label(open("k")) } else { FieldElem::Real };
        let mut spec = LoadSpec::new(vec![
            Field::new("x", FieldElem::Real, vec![open("n"), open("d")]),
            Field::new("y", target, vec![open("n")]),
        ]);
        spec.header = self.header;
        let mut loaded = load(self.name, self.bytes, Format::Csv, &spec)?;
        for field in &mut loaded.fields {
            if let FieldData::Array(Tensor::F64(array)) = &field.data {
                let scale = if &*field.name == "x" { self.scale } else { 1.0 };
                let values: Vec<f64> = array.iter().map(|v| v / scale).collect();
                field.data = FieldData::Array(super::reals(array.shape(), values, precision));
            }
        }
        Ok(loaded)
    }
}
