//! What is read, and what every hostile file answers.

use super::*;
use crate::tensor::Tensor;
use crate::types::Precision;

fn ax(name: &str) -> DeclaredAxis {
    DeclaredAxis::open(name)
}

fn real(name: &str, axes: &[&str]) -> Field {
    Field::new(name, FieldElem::Real, axes.iter().map(|a| ax(a)).collect())
}

fn label(name: &str, axis: DeclaredAxis) -> Field {
    Field::new(name, FieldElem::Label(axis), vec![ax("n")])
}

fn xy() -> LoadSpec {
    LoadSpec::new(vec![real("x", &["n", "d"]), label("y", ax("k"))])
}

fn table(text: &str, spec: &LoadSpec) -> Loaded {
    load("t.csv", text.as_bytes(), Format::Csv, spec).unwrap_or_else(|f| panic!("{f:?}"))
}

fn fault(text: impl AsRef<[u8]>, spec: &LoadSpec) -> Box<DataFault> {
    load("t.csv", text.as_ref(), Format::Csv, spec).expect_err("must be refused")
}

fn npy_bytes(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.as_bytes());
    out.extend(data);
    out
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn bundled_sets_have_the_documented_shapes() {
    let expected: [(&str, usize, usize, Option<usize>); 5] = [
        ("digits", 1797, 64, Some(10)),
        ("iris", 150, 4, Some(3)),
        ("wine", 178, 13, Some(3)),
        ("breast_cancer", 569, 30, Some(2)),
        ("diabetes", 442, 10, None),
    ];
    assert!(bundled_names().eq(expected.iter().map(|e| e.0)));
    for (name, n, d, k) in expected {
        let loaded = bundled(name, Precision::F64).expect("bundled").expect("readable");
        assert_eq!((loaded.size("n"), loaded.size("d"), loaded.size("k")), (Some(n), Some(d), k), "{name}");
        assert_eq!(loaded.array("x").expect("x").shape(), [n, d]);
        assert_eq!(loaded.array("y").expect("y").shape(), [n]);
    }
    let digits = bundled("digits", Precision::F32).expect("bundled").expect("readable");
    let x: &[f32] = digits.array("x").expect("x").slice();
    assert!(x.iter().all(|v| (0.0..=1.0).contains(v)) && x.contains(&1.0));
    // Class sizes of the set as published.
    let y: &[i64] = digits.array("y").expect("y").slice();
    let counts: Vec<usize> = (0..10).map(|c| y.iter().filter(|&&v| v == c).count()).collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.names_of("k"), None);
    let iris = bundled("iris", Precision::F64).expect("bundled").expect("readable");
    assert_eq!(iris.names_of("k").expect("names"), ["setosa", "versicolor", "virginica"]);
    assert!(bundled("moons", Precision::F64).is_none());
}

#[test]
fn tables_of_many_kinds_are_read() {
    let expected: Vec<f64> = vec![1.0, 2.5, 3.0, -4.0];
    for text in [
        "1,2.5,a\n3,-4,b\n",
        "\u{feff}1;2.5;a\r\n3;-4;b\r\n",
        "1\t2.5\ta\n3\t-4e0\tb",
        "  1   2.5  a\n\n 3 -4 b  \n",
        "1|2.5|a\n3|-4|b\n",
        "p,q,r\n1, 2.5 ,a\n\n3,-4,\"b\"\n",
    ] {
        let loaded = table(text, &xy());
        assert_eq!(loaded.array("x"), Some(&Tensor::from_vec(&[2, 2], expected.clone())), "{text:?}");
        assert_eq!(loaded.array("y"), Some(&Tensor::from_vec(&[2], vec![0i64, 1])));
        assert_eq!(loaded.names_of("k").expect("names"), ["a", "b"]);
    }
    let zipped = load("t.csv.gz", &gz(b"1,2.5,a\n3,-4,b\n"), Format::Csv, &xy()).expect("gzip");
    assert_eq!(zipped.size("n"), Some(2));
    assert_eq!(table("p,q,r\n1,2,a\n", &xy()).names_of("d").expect("names"), ["p", "q"]);
}

#[test]
fn columns_are_found_by_name_or_taken_from_left_to_right() {
    let text = "id,mass,species,length\n7,1.5,cat,0.3\n8,2.5,dog,0.4\n";
    let named = LoadSpec::new(vec![label("species", ax("s")), real("mass", &["n"])]);
    let loaded = table(text, &named);
    assert_eq!(loaded.array("mass").expect("mass").to_f64(), [1.5, 2.5]);
    assert_eq!(loaded.array("species").expect("species").to_f64(), [0.0, 1.0]);
    let mut matrix = real("x", &["n", "d"]);
    matrix.columns = Columns::Named(vec!["length".into(), "mass".into()]);
    let loaded = table(text, &LoadSpec::new(vec![matrix]));
    assert_eq!(loaded.array("x").expect("x").to_f64(), [0.3, 1.5, 0.4, 2.5]);
    let mut spec = LoadSpec::new(vec![
        Field::new("i", FieldElem::Int, vec![ax("n")]),
        real("m", &["n"]),
        Field::new("s", FieldElem::Text, vec![ax("n")]),
        real("l", &["n"]),
    ]);
    spec.header = Header::Yes;
    let loaded = table(text, &spec);
    assert_eq!(loaded.field("s").expect("s").data, FieldData::Texts(vec!["cat".into(), "dog".into()]));
    let shared = LoadSpec::new(vec![
        Field::new("a", FieldElem::Real, vec![ax("n"), DeclaredAxis::sized("d", 2)]),
        real("b", &["n", "d"]),
    ]);
    let loaded = table("1,2,3,4\n5,6,7,8\n", &shared);
    assert_eq!(loaded.array("b").expect("b").to_f64(), [3.0, 4.0, 7.0, 8.0]);
}

#[test]
fn labels_are_numbered_as_documented() {
    let spec = LoadSpec::new(vec![label("y", ax("k"))]);
    let labels = |text: &str| {
        let loaded = table(text, &spec);
        (loaded.array("y").expect("y").to_f64(), loaded.names_of("k").map(<[String]>::to_vec))
    };
    assert_eq!(labels("2\n0\n1\n"), (vec![2.0, 0.0, 1.0], None));
    assert_eq!(labels("10\n9\n9.0\n"), (vec![1.0, 0.0, 0.0], Some(vec!["9".into(), "10".into()])));
    assert_eq!(labels("b\na\nb\n").0, [1.0, 0.0, 1.0]);
    let known = LoadSpec::new(vec![label("y", DeclaredAxis::sized("k", 4))]);
    let loaded = table("3\n1\n", &known);
    assert_eq!((loaded.array("y").expect("y").to_f64(), loaded.size("k")), (vec![3.0, 1.0], Some(4)));
    assert_eq!(fault("3\n4\n", &known).code.id, "E0607");
    assert_eq!(fault("a\nb\n", &known).code.id, "E0614");
    assert_eq!(fault("1\n0.5\n", &spec).code.id, "E0607");
}

#[test]
fn faults_name_line_column_and_cell() {
    let x = LoadSpec::new(vec![real("x", &["n", "d"])]);
    let seen = |text: &str, spec: &LoadSpec| {
        let f = fault(text, spec);
        (f.code.id, f.line, f.column, f.message.clone())
    };
    assert_eq!(seen("1,2\n3\n", &x), ("E0604", Some(2), None, "line 2 has 1 column, the first line has 2".into()));
    let (code, line, column, message) = seen("a,b\n1,2\n\n3,4kg\n", &x);
    assert_eq!((code, line, column), ("E0606", Some(4), Some(2)));
    assert!(message.contains("`4kg`"), "{message}");
    assert_eq!(seen("1,2\n,3\n4,NA\n", &x).0, "E0605");
    assert_eq!(fault("1,2\n,3\n4,NA\n", &x).more, 1);
    assert_eq!(seen("", &x).0, "E0603");
    assert_eq!(seen("\n\n  \n", &x).0, "E0603");
    assert_eq!(
        seen("a,b\n", &{
            let mut s = x.clone();
            s.header = Header::Yes;
            s
        })
        .0,
        "E0603"
    );
    assert_eq!(
        seen("a,b,a\n1,2,3\n", &x),
        ("E0610", Some(1), Some(3), "columns 1 and 3 of the header are both named `a`".into())
    );
    assert_eq!(fault(b"1,2\n3,\xff\n", &x).code.id, "E0602");
    assert_eq!(fault(b"\xff\xfe1\0", &x).code.id, "E0602");
    let decimal = fault("1,5;2\n1,6;3\n", &x);
    assert!(decimal.helps[0].contains("decimal point"), "{decimal:?}");
    let quote = fault("1,\"2\n3,4\n5,6\n", &x);
    assert!(matches!(quote.code.id, "E0606" | "E0604"), "{quote:?}");
    let two = LoadSpec::new(vec![real("a", &["n"]), real("b", &["n"])]);
    assert_eq!(seen("1\n2\n", &two).0, "E0608");
    assert_eq!(seen("1,2,3\n4,5,6\n", &two).0, "E0609");
    let sized = LoadSpec::new(vec![
        Field::new("x", FieldElem::Real, vec![ax("n"), DeclaredAxis::sized("d", 64)]),
        label("y", ax("k")),
    ]);
    let (code, .., message) = seen("1,2,0\n3,4,1\n", &sized);
    assert_eq!((code, message.as_str()), ("E0614", "`x` declares axis d with size 64, the file has 2 columns for it"));
    let rows = LoadSpec::new(vec![Field::new("a", FieldElem::Real, vec![DeclaredAxis::sized("n", 3)])]);
    assert_eq!(seen("1\n2\n", &rows).0, "E0614");
    let mut named = real("m", &["n", "d"]);
    named.columns = Columns::Named(vec!["maas".into()]);
    let f = fault("mass,length\n1,2\n", &LoadSpec::new(vec![named]));
    assert_eq!((f.code.id, f.helps[0].as_str()), ("E0608", "did you mean `mass`?"));
    let greedy = LoadSpec::new(vec![real("a", &["n", "d"]), real("b", &["n", "e"])]);
    assert_eq!(seen("1,2\n", &greedy).0, "E0617");
    assert_eq!(seen("1,2\n", &LoadSpec::new(vec![])).0, "E0617");
    assert_eq!(seen("1,2\n", &LoadSpec::new(vec![real("a", &["n"]), real("b", &["m"])])).0, "E0617");
    assert_eq!(seen("1,2\n", &LoadSpec::new(vec![real("a", &[])])).0, "E0617");
}

#[test]
fn numpy_arrays_are_read_in_either_order_and_byte_order() {
    let spec = LoadSpec::new(vec![real("x", &["a", "b"])]);
    let read = |bytes: &[u8], spec: &LoadSpec| load("x.npy", bytes, Format::Npy, spec);
    let c = npy_bytes("<f8", false, "(2, 3)", &doubles(&[1., 2., 3., 4., 5., 6.]));
    let f = npy_bytes("<f8", true, "(2, 3)", &doubles(&[1., 4., 2., 5., 3., 6.]));
    let big: Vec<u8> = [1f64, 2., 3., 4., 5., 6.].iter().flat_map(|v| v.to_be_bytes()).collect();
    let b = npy_bytes(">f8", false, "(2, 3)", &big);
    for bytes in [&c, &f, &b, &gz(&c)] {
        let loaded = read(bytes, &spec).expect("readable");
        assert_eq!(loaded.array("x").expect("x"), &Tensor::from_vec(&[2, 3], vec![1., 2., 3., 4., 5., 6.]));
        assert_eq!((loaded.size("a"), loaded.size("b")), (Some(2), Some(3)));
    }
    let ints = npy_bytes("|i1", false, "(3,)", &[3, 255, 5]);
    let vector = LoadSpec::new(vec![real("x", &["n"])]);
    assert_eq!(read(&ints, &vector).expect("readable").array("x").expect("x").to_f64(), [3.0, -1.0, 5.0]);
    let labels = npy_bytes("|u1", false, "(3,)", &[2, 5, 2]);
    let loaded = read(&labels, &LoadSpec::new(vec![label("y", ax("k"))])).expect("readable");
    assert_eq!(loaded.array("y").expect("y").to_f64(), [0.0, 1.0, 0.0]);
    let scalar = npy_bytes("<f8", false, "()", &doubles(&[7.0]));
    assert_eq!(read(&scalar, &LoadSpec::new(vec![real("x", &[])])).expect("readable").array("x").expect("x").len(), 1);
    let id = |bytes: &[u8], spec: &LoadSpec| read(bytes, spec).expect_err("must be refused").code.id;
    assert_eq!(id(&c, &vector), "E0611");
    assert_eq!(id(&c[..c.len() - 1], &spec), "E0613");
    assert_eq!(id(&c[..20], &spec), "E0613");
    assert_eq!(id(b"", &spec), "E0613");
    assert_eq!(id(&npy_bytes("<c16", false, "(2, 3)", &[0; 96]), &spec), "E0612");
    assert_eq!(id(&npy_bytes("|O", false, "(2, 3)", &[0; 96]), &spec), "E0612");
    assert_eq!(id(&npy_bytes("<f8", false, "(18446744073709551615, 2)", &[]), &spec), "E0615");
    assert_eq!(id(&npy_bytes("<f8", false, "(4611686018427387904, 0)", &[]), &spec), "E0615");
    let sized = Field::new("x", FieldElem::Real, vec![ax("a"), DeclaredAxis::sized("b", 4)]);
    assert_eq!(id(&c, &LoadSpec::new(vec![sized])), "E0614");
    let int = Field::new("x", FieldElem::Int, vec![ax("a"), ax("b")]);
    assert_eq!(id(&c, &LoadSpec::new(vec![int])), "E0612");
    assert_eq!(id(&c, &LoadSpec::new(vec![real("x", &["a", "a"])])), "E0617");
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(u32::MAX.to_le_bytes());
    assert_eq!(id(&long, &spec), "E0615");
    let zipped = gz(&c);
    assert_eq!(id(&zipped[..zipped.len() - 9], &spec), "E0613");
}

#[test]
fn compressed_bombs_are_bounded() {
    let bomb = gz(&vec![b'0'; 1 << 20]);
    let f = gzip::inflate("b.gz", &bomb, 1000).expect_err("bounded");
    assert_eq!(f.code.id, "E0615");
}

#[test]
fn what_is_written_reads_back() {
    let tensor = Tensor::from_vec(&[2, 2], vec![0.1, -1e300, f64::INFINITY, 4.0]);
    let spec = LoadSpec::new(vec![real("x", &["a", "b"])]);
    let loaded = load("x.npy", &npy::write(&tensor), Format::Npy, &spec).expect("readable");
    assert_eq!(loaded.array("x"), Some(&tensor));
    let cells = vec![("a,b".to_string(), vec!["1".to_string(), "x \"y\"".to_string()])];
    assert_eq!(csv::write(&cells), b"\"a,b\"\n1\n\"x \"\"y\"\"\"\n");
}

#[test]
fn formats_and_missing_files() {
    assert_eq!(Format::of_name("a/b.CSV.gz").expect("csv"), Format::Csv);
    assert_eq!(Format::of_name("b.npy").expect("npy"), Format::Npy);
    for name in ["b.npz", "b", "a.csv/b", "x.gz", ""] {
        assert_eq!(Format::of_name(name).expect_err("unknown").code.id, "E0616", "{name}");
    }
    let f = unreadable("data/flowrs.csv", None, &["flowers.csv".into(), "trees.csv".into()]);
    assert_eq!(f.helps, ["did you mean `data/flowers.csv`?"]);
}

#[test]
fn files_are_read_through_the_world() {
    let world = crate::world::MemoryWorld::new().with("p/d/flowers.csv", "1,2,a\n3,4,b\n");
    let folder = std::path::Path::new("p");
    let (loaded, bytes) = load_file(&world, folder, "d/flowers.csv", &xy()).expect("readable");
    assert_eq!((loaded.size("n"), bytes.len()), (Some(2), 12));
    let missing = load_file(&world, folder, "d/flower.csv", &xy()).expect_err("missing");
    assert_eq!((missing.code.id, missing.helps[0].as_str()), ("E0601", "did you mean `d/flowers.csv`?"));
    // A folder with a name like a file's.
    let world = world.with("p/x.csv/y", "");
    assert_eq!(load_file(&world, folder, "x.csv", &xy()).expect_err("folder").code.id, "E0601");
}

/// Splitmix64, so that mutants are the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

fn mutate(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(out.len());
        match dice.below(6) {
            0 if !out.is_empty() => out[at] ^= 1 << dice.below(8),
            1 => out.truncate(at),
            2 => out.insert(at.min(out.len()), b"\n,\";\0\xff9-(){}'"[dice.below(13)]),
            3 if !out.is_empty() => drop(out.remove(at)),
            4 => {
                let piece: Vec<u8> = out[at..(at + dice.below(40)).min(out.len())].to_vec();
                let to = dice.below(out.len() + 1);
                out.splice(to..to, piece);
            }
            _ if !out.is_empty() => out[at] = dice.below(256) as u8,
            _ => {}
        }
    }
    out
}

#[test]
fn mutants_give_arrays_or_faults_and_nothing_else() {
    let csv = b"mass,length,kind\n1.5,2,cat\n3,4,dog\n5,6,\"a cat\"\n7,8,dog\n".to_vec();
    let npy = npy_bytes("<f8", false, "(2, 3)", &doubles(&[1., 2., 3., 4., 5., 6.]));
    let mut specs = vec![xy(), LoadSpec::new(vec![label("kind", ax("k")), real("mass", &["n"])])];
    specs.push(LoadSpec::new(vec![Field::new("y", FieldElem::Label(DeclaredAxis::sized("k", 2)), vec![ax("n")])]));
    let arrays = [LoadSpec::new(vec![real("x", &["a", "b"])]), LoadSpec::new(vec![label("y", ax("k"))])];
    let mut dice = Dice(7);
    for round in 0..2000 {
        let (bytes, format, spec) = match round % 4 {
            0 | 1 => (csv.clone(), Format::Csv, &specs[dice.below(specs.len())]),
            2 => (npy.clone(), Format::Npy, &arrays[dice.below(arrays.len())]),
            _ => (gz(&csv), Format::Csv, &specs[0]),
        };
        let mutant = mutate(&mut dice, &bytes);
        match load("mutant", &mutant, format, spec) {
            Ok(loaded) => {
                for field in &loaded.fields {
                    if let FieldData::Array(tensor) = &field.data {
                        assert!(tensor.len() <= mutant.len() * 1100, "round {round}");
                        let shape: Vec<_> = field.axes.iter().filter_map(|a| loaded.size(a)).collect();
                        assert_eq!(shape, tensor.shape(), "round {round}");
                    }
                }
            }
            Err(fault) => {
                let diagnostic = fault.diagnostic(crate::source::Span::default());
                assert!(diagnostic.message.len() < 1000, "round {round}");
            }
        }
    }
}

#[test]
fn a_field_that_is_not_in_the_header_is_named() {
    let spec = LoadSpec::new(vec![real("mass", &["n"]), real("lenght", &["n"]), real("width", &["n"])]);
    let f = fault("mass,length\n1,2\n3,4\n", &spec);
    assert_eq!((f.code.id, f.message.as_str()), ("E0608", "there is no column `width`"));
    let spec = LoadSpec::new(vec![real("mass", &["n"]), real("length", &["n"]), real("with", &["n"])]);
    assert_eq!(fault("mass,length\n1,2\n3,4\n", &spec).code.id, "E0608");
}
