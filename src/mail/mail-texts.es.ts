import type { MailTexts } from './mail-texts.en.js';

const NEW_PASSWORD = 'Elegir una contraseña nueva';

export const es: MailTexts = {
  mails: {
    verify_email: {
      subject: 'Confirme su dirección de correo para {brand}',
      heading: 'Confirme su dirección de correo',
      intro: [
        'Esta dirección se indicó para una cuenta en {brand}. Confirme que es suya: abra la página y pulse «Confirmar dirección».',
      ],
      button: 'Confirmar dirección',
      closing: ['Si no la indicó usted, ignore este correo. La dirección no se confirmará.'],
    },
    reset_password: {
      subject: 'Elija una contraseña nueva para {brand}',
      heading: 'Elija una contraseña nueva',
      intro: [
        'Se solicitó una contraseña nueva para su cuenta en {brand}. Si fue usted, abra la página y elija una. Después se cerrará la sesión en todos los dispositivos.',
      ],
      button: NEW_PASSWORD,
      closing: ['Si no fue usted, ignore este correo. Su contraseña sigue siendo la misma.'],
    },
    sign_in: {
      subject: 'Inicie sesión en {brand}',
      heading: 'Iniciar sesión',
      intro: ['Abra la página y pulse «Iniciar sesión» para entrar en su cuenta de {brand}.'],
      button: 'Iniciar sesión',
      closing: [
        'Si no lo solicitó, ignore este correo. No comparta el enlace ni el código con nadie: quien tenga uno de ellos puede entrar en su cuenta.',
      ],
    },
    confirm_email_change: {
      subject: 'Confirme su nueva dirección de correo para {brand}',
      heading: 'Confirme su nueva dirección de correo',
      intro: [
        'Se solicitó que la dirección de correo de su cuenta en {brand} pase a ser {newEmail}. Nada cambia hasta que abra la página y pulse «Confirmar nueva dirección».',
      ],
      button: 'Confirmar nueva dirección',
      closing: ['Si no lo solicitó, ignore este correo. La dirección no se cambiará.'],
    },
    email_changed: {
      subject: 'Se cambió su dirección de correo en {brand}',
      heading: 'Se cambió su dirección de correo',
      intro: [
        'Su cuenta en {brand} tiene una nueva dirección de correo. Esta dirección ya no recibirá correos sobre ella.',
        'Si fue usted, no tiene que hacer nada. Si no fue usted, deshaga el cambio ahora: su cuenta recuperará esta dirección y se cerrará la sesión en todos los dispositivos.',
      ],
      button: 'Deshacer el cambio',
      closing: ['Después de deshacer el cambio, recibirá un correo para elegir una contraseña nueva.'],
    },
    already_registered: {
      subject: 'Ya tiene una cuenta en {brand}',
      heading: 'Ya tiene una cuenta',
      intro: [
        'Se intentó registrar en {brand} esta dirección, que ya tiene una cuenta. No se creó ninguna otra.',
        'Si fue usted, inicie sesión en su cuenta. Si olvidó su contraseña, elija una nueva.',
      ],
      button: NEW_PASSWORD,
      closing: ['Si no fue usted, ignore este correo. Su cuenta no ha cambiado.'],
    },
    new_device: {
      subject: 'Nuevo inicio de sesión en su cuenta de {brand}',
      heading: 'Inicio de sesión en un dispositivo nuevo',
      intro: [
        'Se inició sesión en su cuenta de {brand} desde un dispositivo que no se había usado antes.',
        'Si fue usted, no tiene que hacer nada. Si no fue usted, elija una contraseña nueva ahora. Después se cerrará la sesión en todos los dispositivos.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    password_changed: {
      subject: 'Se cambió su contraseña de {brand}',
      heading: 'Se cambió su contraseña',
      intro: [
        'Se cambió la contraseña de su cuenta en {brand}.',
        'Si fue usted, no tiene que hacer nada. Si no fue usted, elija una contraseña nueva ahora. Después se cerrará la sesión en todos los dispositivos.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    account_locked: {
      subject: 'Demasiadas contraseñas incorrectas para su cuenta en {brand}',
      heading: 'Su cuenta está bloqueada por poco tiempo',
      intro: [
        'Hubo demasiadas contraseñas incorrectas para su cuenta en {brand}, por lo que durante un breve tiempo no se acepta ninguna. Nadie entró con ellas.',
        'Si fue usted, espere unos minutos e inténtelo de nuevo. Si olvidó su contraseña, elija una nueva.',
      ],
      button: NEW_PASSWORD,
      closing: [
        'Si no fue usted, es posible que alguien esté intentando adivinar su contraseña. Elija una nueva si es corta, fácil de adivinar o si la usa en otro sitio.',
      ],
    },
    second_factor_added: {
      subject: 'Se añadió un segundo factor a su cuenta de {brand}',
      heading: 'Se añadió un segundo factor',
      intro: [
        'Se añadió un segundo factor a su cuenta de {brand}. A partir de ahora se exige un segundo factor para iniciar sesión.',
        'Si fue usted, guarde sus códigos de recuperación en un lugar seguro. Si no fue usted, elija una contraseña nueva ahora; después se cerrará la sesión en todos los dispositivos. A continuación, elimine el segundo factor en los ajustes de su cuenta. Si no puede iniciar sesión, pida al operador de {brand} que lo elimine.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    second_factor_removed: {
      subject: 'Se eliminó un segundo factor de su cuenta de {brand}',
      heading: 'Se eliminó un segundo factor',
      intro: [
        'Se eliminó un segundo factor de su cuenta de {brand}.',
        'Si fue usted, o si lo pidió al operador de {brand}, no tiene que hacer nada. Si no, elija una contraseña nueva ahora; después se cerrará la sesión en todos los dispositivos. A continuación, configure de nuevo su segundo factor.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
    recovery_code_used: {
      subject: 'Se usó un código de recuperación de su cuenta de {brand}',
      heading: 'Se usó un código de recuperación',
      intro: [
        'Se usó un código de recuperación de su cuenta de {brand} en lugar de su segundo factor. Ese código ya no sirve.',
        'Si fue usted y quedan pocos códigos, cree otros en los ajustes de su cuenta. Si perdió su segundo factor, elimínelo allí y configure otro. Si no fue usted, elija una contraseña nueva ahora; después se cerrará la sesión en todos los dispositivos. A continuación, cree códigos de recuperación nuevos.',
      ],
      button: NEW_PASSWORD,
      closing: [],
    },
  },
  greeting: 'Hola, {name}:',
  greetingWithoutName: 'Hola:',
  linkAsText: 'Si el botón no funciona, copie esta dirección en su navegador:',
  code: 'Si se le pide un código, introduzca este:',
  validUntil: 'El enlace y el código funcionan una sola vez, hasta el {time}.',
  facts: {
    newEmail: 'Nueva dirección',
    method: 'Segundo factor',
    codesLeft: 'Códigos de recuperación restantes',
    at: 'Fecha y hora',
    device: 'Dispositivo',
    ip: 'Dirección IP',
    undoUntil: 'Se puede deshacer hasta',
  },
  methods: { totp: 'aplicación de autenticación', passkey: 'llave de acceso', all: 'todos' },
  footer: '{brand} envió este correo por un asunto de su cuenta. Las respuestas no se leen.',
  date: '{day} de {month} de {year}, {time} UTC',
};
